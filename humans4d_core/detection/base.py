"""The one thing the pipeline knows of a detector."""

from typing import Protocol

import numpy as np

from ..types import Detections


class Detector(Protocol):
    name: str

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8, best first; none is an empty result."""
        ...

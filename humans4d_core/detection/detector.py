"""The one thing the pipeline knows of a detector."""

from typing import Protocol

import numpy as np

from ..types import Detections


class Detector(Protocol):
    name: str
    #: Score from which a detection is sure enough to start a track; scales differ by detector.
    start_score: float

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8, best first; none is an empty result."""
        ...

"""The one thing the pipeline knows of a detector."""

from typing import Protocol

import numpy as np

from ..types import Detections


class Detector(Protocol):
    """Finds people in an image. `name` is what the user chose it by."""

    name: str

    @property
    def start_score(self) -> float:
        """Score from which a detection is sure enough to start a track: scales differ."""
        ...

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8, best first; none is an empty result."""
        ...

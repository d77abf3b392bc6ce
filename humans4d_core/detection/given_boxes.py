"""Boxes that come with the frames: nothing is loaded to find people."""

from __future__ import annotations

import numpy as np

from ..types import Detections
from .score_scale import ScoreScale


class GivenBoxes:
    """In the place of a detector where the pipeline is given each frame's detections."""

    def __init__(self, start_score: float | None = None, name: str = "given boxes"):
        """start_score: from which a given box is sure enough to start a track; None learns it from
        the scores that come. name: whose they are."""
        self.name = name
        self._given, self._scale = start_score, ScoreScale()

    @property
    def start_score(self) -> float:
        """In [0, 1]."""
        return self._scale.start_score if self._given is None else self._given

    def watch(self, detections: Detections) -> None:
        """The boxes of the next frame."""
        if self._given is None:
            self._scale.watch(detections.scores)

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """Nobody: boxes are given."""
        return Detections.empty()

"""overlay.mp4: people drawn over the images of a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..io import VideoWriter
from ..types import Frame, People
from .overlay import draw_overlay


class OverlayWriter(VideoWriter):
    """Writes each frame with its people on it; use with `with`."""

    def __init__(self, path: Path, frame_rate: float, faces: np.ndarray):
        """faces: (F, 3) of the bodies' mesh."""
        super().__init__(path, frame_rate)
        self._faces = faces

    def write(  # type: ignore[override]
        self, frame: Frame, people: People | None
    ) -> None:
        """people: None where nothing is known of the frame, whose image is written alone."""
        image = frame.image_bgr
        if people is not None:
            image = draw_overlay(image, people, self._faces, frame.camera)
        super().write(image)

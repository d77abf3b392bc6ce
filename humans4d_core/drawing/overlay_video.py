"""overlay.mp4: people drawn over the images of a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..io import VideoWriter
from ..types import Frame, People
from .overlay import draw_overlay
from .privacy import private_image


class OverlayWriter(VideoWriter):
    """Writes each frame with its people on it; use with `with`."""

    def __init__(self, path: Path, frame_rate: float, faces: np.ndarray, privacy: str = "none"):
        """faces: (F, 3) of the bodies' mesh. privacy: one of PRIVACY."""
        super().__init__(path, frame_rate)
        self._faces, self._privacy = faces, privacy

    def write(  # type: ignore[override]
        self, frame: Frame, people: People | None
    ) -> None:
        """people: None where nothing is known of the frame, whose image is written alone: black
        where heads are hidden, since nobody knows where they are."""
        image = frame.image_bgr
        if people is not None:
            image = private_image(image, people, self._privacy)
            image = draw_overlay(image, people, self._faces, frame.camera)
        elif self._privacy != "none":
            image = np.zeros_like(image)
        super().write(image)

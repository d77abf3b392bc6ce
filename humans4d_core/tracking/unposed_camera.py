"""How a camera moved of which nobody tells where it is: from its images, else from its people."""

from __future__ import annotations

import numpy as np

from ..types import Frame
from .common_motion import CommonMotion
from .image_motion import ImageMotion, ImageStep
from .motion_filter import Motion, Observation


class UnposedCamera:
    """Follows one camera by the background of its images and, where that shows nothing to hold on
    to, by what all its people do alike. A tracker owns it."""

    def __init__(self) -> None:
        self._images = ImageMotion()
        self._people = CommonMotion()

    def step(
        self,
        frame: Frame,
        seconds: float,
        boxes_px: np.ndarray,
        motion: Motion,
        observed: Observation,
        use_images: bool,
    ) -> ImageStep:
        """From the last image, in which people had boxes (N, 4) px, to `frame`, `seconds` later.

        motion: predicted, of people who were seen in the last image; observed: bodies in this one.
        """
        if use_images:
            step = self._images.step(frame.image_bgr, boxes_px, frame.camera)
            if step.is_known or step.is_cut:
                return step
        return ImageStep(self._people.step(motion, observed, seconds, frame.camera))

"""Cuts in edited video: the picture changes everywhere at once.

The content value of the PySceneDetect project: the mean absolute difference of hue, saturation and
value between two images. The released tracker looks at the whole video beforehand; here a cut is
seen in the image that follows it.
"""

from __future__ import annotations

import cv2
import numpy as np

#: Mean difference (0..255) above which there is a cut.
CUT = 27.0

#: Pixels looked at along the longer side.
SAMPLES = 160

#: OpenCV's hue of 8-bit images has this period.
HUE_PERIOD = 180


class ShotChange:
    """Compares each image with the one before it."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None

    def update(self, image_bgr: np.ndarray) -> bool:
        """Whether image (H, W, 3) uint8 begins another shot. One of another size does."""
        step = max(max(image_bgr.shape) // SAMPLES, 1)
        sampled = np.ascontiguousarray(image_bgr[::step, ::step])
        hsv = cv2.cvtColor(sampled, cv2.COLOR_BGR2HSV).astype(np.int16)
        last, self._last = self._last, hsv
        if last is None:
            return False
        if last.shape != hsv.shape:
            return True
        difference = np.abs(hsv - last)
        hue = difference[..., 0]
        np.minimum(hue, HUE_PERIOD - hue, out=hue)
        return float(difference.mean()) > CUT

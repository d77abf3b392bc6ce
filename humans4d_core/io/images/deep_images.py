"""Samples of more than 8 bits -> 8 bits, the same way from image to image.

A message says that samples have 16 bits, not how many of them the sensor fills: 10, 12, 14 or all.
Their upper byte would be black or nearly so. And a thermal camera fills a narrow part of its range,
with people and walls a hundredth of it apart.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

#: Bits that sensors have.
DEPTHS = (8, 10, 12, 14, 16)
#: About this many samples of an image are looked at.
LOOKED_AT = 4096
#: Gray values in less than this part of their range are stretched, until they fill more than twice
#: as much of it: one scene at the border does not flicker.
NARROW = 1 / 4
#: Nothing is stretched that is narrower: it would be noise. 10 K of a camera that counts 10 mK.
NARROWEST = 1 / 64
#: How far the stretched part follows each image.
FOLLOWS = 0.1


class DeepImages:
    """Brings the images of one camera to 8 bits.

    The bits in use are the most that any image has had so far. A gray image (not a mosaic) whose
    values fill a narrow part of them is stretched to that part, which follows the scene slowly.
    """

    def __init__(self) -> None:
        self._encoding = ""
        self._bits = DEPTHS[0]
        self._part: tuple[float, float] | None = None  # lowest and highest value that is shown

    @property
    def description(self) -> str:
        """What is done to the images, for people to read; "" while none was deep."""
        if not self._encoding:
            return ""
        text = f"{self._encoding} images fill {self._bits} of 16 bits"
        if self._part is None:
            return f"{text}: the upper 8 of these are used"
        return f"{text}, and of these a narrow part: it is stretched to 8 bits"

    def to_8_bit(self, samples: np.ndarray, encoding: str, gray: bool) -> np.ndarray:
        """samples (H, W) or (H, W, C) uint16 of either byte order -> uint8, a copy.

        encoding: of the images, for people to read; another one begins anew. gray: one channel of
        brightness, which may be stretched.
        """
        if encoding != self._encoding:
            self._encoding, self._bits, self._part = encoding, DEPTHS[0], None
        samples = np.ascontiguousarray(samples, np.uint16)
        looked_at = _some(samples)
        # Not the highest: a defect pixel is no brightness.
        needed = int(_quantile(looked_at, 0.999)).bit_length()
        self._bits = max(self._bits, next(bits for bits in DEPTHS if bits >= needed))
        self._follow(looked_at if gray else None)
        if self._part is None:
            # Rounded down by -0.498: the upper 8 bits as they are.
            return cv2.convertScaleAbs(samples, alpha=2.0 ** (8 - self._bits), beta=-0.498)
        low, high = self._part
        above = cv2.subtract(samples, low)  # type: ignore[call-overload]
        return cv2.convertScaleAbs(above, alpha=255 / (high - low))

    def _follow(self, looked_at: np.ndarray | None) -> None:
        """Find the part of the range that is shown; None: there is none, the image is no gray."""
        if looked_at is None:
            self._part = None
            return
        whole = 2.0**self._bits
        low, high = _quantile(looked_at, 0.005), _quantile(looked_at, 0.995)
        spread = high - low
        if spread > (NARROW if self._part is None else 2 * NARROW) * whole:
            self._part = None
            return
        if self._part is None and spread < NARROWEST * whole:
            return
        margin = 0.1 * spread + max(NARROWEST * whole - spread, 0) / 2
        wanted = (low - margin, high + margin)
        if self._part is None or wanted[1] < self._part[0] or wanted[0] > self._part[1]:
            part = wanted
        else:
            low, high = self._part
            part = (low + FOLLOWS * (wanted[0] - low), high + FOLLOWS * (wanted[1] - high))
        self._part = (max(part[0], 0.0), part[1])


def _some(samples: np.ndarray) -> np.ndarray:
    """About LOOKED_AT of the samples, all channels of a pixel together."""
    height, width = samples.shape[:2]
    # Odd: an even step would meet the same colour of a mosaic each time.
    step = int(math.sqrt(height * width / LOOKED_AT)) | 1
    return samples[step // 2 :: step, step // 2 :: step].ravel()


def _quantile(values: np.ndarray, share: float) -> float:
    index = round(share * (len(values) - 1))
    return float(np.partition(values, index)[index])

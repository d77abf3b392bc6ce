"""A camera that sends images and shows nothing: black, overexposed, covered, or standing still.

From a coarse grid of pixels, so that it costs nothing beside the detector. Each finding has to
last: one dark image is no dark camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

#: Rows and columns of the grid, about.
GRID = (48, 64)
#: Side of a block of the grid: its mean leaves the sensor's noise out.
BLOCK = 8
#: Rows that are compared whole where the grid has not changed: what is higher is not overlooked.
ROWS = 64
#: Mean brightness of a dark image; the contrast (below) that even a dim scene has;
DARK = 20
DIM = 3.0
#: brightness that only light makes, and this many times the noise above the mean; and the share of
#: the image that has it where there is a lamp or a window at night, not some defect pixels only.
LIGHT = 32
LIGHT_NOISE = 6.0
LIT = 3e-4
#: Brightness of a sensor that can take no more, and the share of the image that may have it.
FULL = 250
BURNT_OUT = 0.9
#: Contrast of the blocks, absolute and relative to the brightness, below which something covers the
#: lens; and the spread of the pixels inside of a block that only a scene has.
CONTRAST = 8.0
RELATIVE_CONTRAST = 0.25
TEXTURE = 12.0
#: Seconds that a finding has to last, and that a picture has to stand still.
LASTS = 1.0
STILL = 3.0
#: After this many seconds without an image everything begins anew.
GAP = 5.0


@dataclass(frozen=True)
class ImageLook:
    """What the last images looked like."""

    brightness: float  #: mean, 0 to 255
    contrast: float  #: between the means of dark and bright blocks, 0 to 255
    overexposed: float  #: share of the image, 0 to 1
    unchanged_seconds: float  #: since the picture last changed
    findings: tuple[str, ...]  #: what is the matter, for people to read

    @property
    def values(self) -> dict[str, str]:
        """For diagnostics."""
        return {
            "image_brightness": f"{self.brightness:.0f}",
            "image_contrast": f"{self.contrast:.0f}",
            "image_overexposed": f"{self.overexposed:.2f}",
            "image_unchanged_s": f"{self.unchanged_seconds:.1f}",
        }


class ImageHealth:
    """Looks at the images of one camera, one after the other."""

    def __init__(self) -> None:
        self._rows: np.ndarray | None = None
        self._grid: np.ndarray | None = None
        self._changed_at = self._looked_at = 0.0
        self._problem = ""
        self._problem_since = 0.0

    def look(self, image_bgr: np.ndarray, seconds: float) -> ImageLook:
        """image_bgr: (H, W, 3) uint8. seconds: when it came, on a clock that does not jump."""
        if self._grid is None or not 0 <= seconds - self._looked_at <= GAP:
            self._grid = None
            self._problem = ""
        self._looked_at = seconds
        grid = _grid(image_bgr)
        rows = image_bgr[:: max(image_bgr.shape[0] // ROWS, 1)]
        self._notice_change(grid, rows, seconds)
        gray = cv2.cvtColor(grid, cv2.COLOR_BGR2GRAY)
        contrast, texture = _structure(gray)
        overexposed = np.count_nonzero(cv2.inRange(grid, (FULL,) * 3, (255,) * 3)) / gray.size
        brightness = cv2.mean(gray)[0]
        problem = ""
        if brightness < DARK:
            light = max(LIGHT, brightness + LIGHT_NOISE * texture)
            if contrast < DIM and np.count_nonzero(rows >= light) < LIT * rows.size:
                problem = f"the image is black (brightness {brightness:.0f} of 255)"
        elif overexposed > BURNT_OUT:
            problem = f"the image is overexposed ({100 * overexposed:.0f} % of it is white)"
        elif contrast < min(CONTRAST, RELATIVE_CONTRAST * brightness) and texture < TEXTURE:
            problem = f"the image shows nothing (contrast {contrast:.0f} of 255): a covered lens?"
        kind = problem.partition("(")[0]
        if kind != self._problem:
            self._problem, self._problem_since = kind, seconds
        unchanged = seconds - self._changed_at
        findings = []
        if problem and seconds - self._problem_since >= LASTS:
            findings.append(problem)
        if unchanged >= STILL:
            findings.append(f"the picture has not changed for {unchanged:.0f} s")
        return ImageLook(brightness, contrast, overexposed, unchanged, tuple(findings))

    def _notice_change(self, grid: np.ndarray, rows: np.ndarray, seconds: float) -> None:
        same = (
            self._grid is not None
            and self._rows is not None
            and rows.shape == self._rows.shape
            and np.array_equal(grid, self._grid)
            and np.array_equal(rows, self._rows)
        )
        if not same:
            # Copies: the image may be a view of a message.
            self._grid, self._rows, self._changed_at = grid, rows.copy(), seconds


def _grid(image_bgr: np.ndarray) -> np.ndarray:
    """Some pixels of the image, (about GRID, 3) uint8, a copy."""
    height, width = image_bgr.shape[:2]
    down, right = max(height // GRID[0], 1), max(width // GRID[1], 1)
    return image_bgr[down // 2 :: down, right // 2 :: right].copy()


def _structure(gray: np.ndarray) -> tuple[float, float]:
    """Of a grid (H, W) uint8: how far the means of nearly all blocks lie apart, without what noise
    makes of it, and the median spread of the pixels inside of a block."""
    height, width = (max(side // BLOCK, 1) for side in gray.shape)
    values = gray.astype(np.float32)
    means = cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA).ravel()
    squares = cv2.resize(values * values, (width, height), interpolation=cv2.INTER_AREA).ravel()
    texture = np.sqrt(np.sort(np.maximum(squares - means**2, 0))[len(means) // 2])
    means.sort()
    tail = len(means) // 20
    contrast = float(means[len(means) - 1 - tail] - means[tail])
    # 90 % of the means of BLOCK x BLOCK independent pixels lie in 3.3 of their standard deviations.
    noise = 3.3 * texture / BLOCK
    return max(contrast**2 - noise**2, 0.0) ** 0.5, float(texture)

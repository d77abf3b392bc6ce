"""A calibrated camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .errors import CameraError

#: Number of distortion coefficients each of REP-104's models takes.
DISTORTION_MODELS = {"plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4}


@dataclass(frozen=True)
class Camera:
    """A calibrated camera: intrinsics in pixels, distortion as in REP-104 / CameraInfo."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    distortion: tuple[float, ...] = ()
    distortion_model: str = "plumb_bob"

    def __post_init__(self) -> None:
        values = (self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if not all(math.isfinite(v) for v in values) or self.fx <= 0 or self.fy <= 0:
            raise CameraError(
                f"camera is not calibrated (fx={self.fx:g}, fy={self.fy:g}): calibrate it, or give "
                "its horizontal field of view"
            )
        if self.width <= 0 or self.height <= 0:
            raise CameraError(f"camera has no image size ({self.width}x{self.height})")
        if self.is_distorted and self.distortion_model not in DISTORTION_MODELS:
            raise CameraError(
                f"distortion model '{self.distortion_model}' is not one of "
                f"{', '.join(DISTORTION_MODELS)}: rectify the images first"
            )
        if self.is_distorted and any(self.distortion[DISTORTION_MODELS[self.distortion_model] :]):
            raise CameraError(
                f"distortion model '{self.distortion_model}' takes "
                f"{DISTORTION_MODELS[self.distortion_model]} coefficients, not "
                f"{len(self.distortion)}: rectify the images first"
            )

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov: float) -> Camera:
        """A pinhole with square pixels, centred, `horizontal_fov` radians wide."""
        if not 0 < horizontal_fov < math.pi:
            raise CameraError(
                f"horizontal field of view {horizontal_fov:g} rad is not between 0 and pi"
            )
        focal = width / 2 / math.tan(horizontal_fov / 2)
        return cls(focal, focal, width / 2, height / 2, width, height)

    @classmethod
    def from_camera_info(
        cls,
        k: Sequence[float],
        width: int,
        height: int,
        d: Sequence[float] = (),
        distortion_model: str = "plumb_bob",
    ) -> Camera:
        """From CameraInfo's row-major K (9), D and distortion_model; K = 0 raises CameraError."""
        k = [float(v) for v in np.asarray(k, dtype=np.float64).ravel()]
        if len(k) != 9:
            raise CameraError(f"camera matrix K has {len(k)} numbers instead of 9")
        distortion = tuple(float(v) for v in d)
        return cls(k[0], k[4], k[2], k[5], int(width), int(height), distortion, distortion_model)

    def scaled(self, width: int, height: int, kept_px: float = 0.0) -> Camera:
        """The camera of its images resized to `width` x `height` pixels.

        kept_px: the pixel coordinate that the resize leaves in place. 0 is the centre of the first
        pixel: all of K times the factor, as image_proc and image_geometry do it. That is exact
        where each n-th pixel is kept; where n x n pixels are averaged the image lies
        (1 - 1/n) / 2 pixels away, less than half of one. -0.5 is the border of the image, which a
        rendering shares with the image it is compared with.
        """
        x, y = width / self.width, height / self.height
        return replace(
            self,
            fx=self.fx * x,
            fy=self.fy * y,
            cx=(self.cx - kept_px) * x + kept_px,
            cy=(self.cy - kept_px) * y + kept_px,
            width=width,
            height=height,
        )

    def scaled_by_whole_factor(self, width: int, height: int) -> Camera | None:
        """The camera of images of this size, where that is its own times or divided by a whole
        number (a rest of columns or rows may be cut off or filled up).

        None where it is not: such images may as well be cropped, and distances would be wrong.
        """
        if (width, height) == (self.width, self.height):
            return self
        if width < 1 or height < 1:
            return None
        factor = max(round(self.width / width), round(width / self.width))
        larger = (self.width * factor, self.height * factor) == (width, height)
        rests = (self.width - width * factor, self.height - height * factor)
        smaller = all(abs(rest) < factor for rest in rests)
        return self.scaled(width, height) if factor > 1 and (larger or smaller) else None

    @property
    def matrix(self) -> np.ndarray:
        """K: (3, 3) pixels."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    @property
    def horizontal_fov(self) -> float:
        """Radians, of the undistorted pinhole."""
        return math.atan(self.cx / self.fx) + math.atan((self.width - self.cx) / self.fx)

    @property
    def is_distorted(self) -> bool:
        return any(v != 0.0 for v in self.distortion)

"""The camera of images that do not say which camera took them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import CameraError, ImageError
from ..types import Camera

#: Of the longer side, assumed when nobody says better: between a phone's and a webcam's. A phone
#: has the same lens however it is held.
ASSUMED_FOV_DEGREES = 60.0


@dataclass(frozen=True)
class CameraChoice:
    """What the user says about the camera; nothing said means a stated assumption."""

    fov_degrees: float | None = None  #: horizontal field of view: over the image's width
    #: fx, fy, cx, cy in pixels, then none or up to 8 distortion coefficients in OpenCV's order
    #: (k1, k2, p1, p2, k3, k4, k5, k6)
    intrinsics: tuple[float, ...] | None = None

    def __post_init__(self):
        if self.fov_degrees is not None and self.intrinsics is not None:
            raise CameraError("give either a field of view or intrinsics, not both")
        if self.fov_degrees is not None and not 0 < self.fov_degrees < 180:
            raise CameraError(
                f"horizontal field of view {self.fov_degrees:g} degrees is not between 0 and 180"
            )
        if self.intrinsics is not None:
            if not 4 <= len(self.intrinsics) <= 12:
                raise CameraError(
                    f"intrinsics have {len(self.intrinsics)} numbers: give fx,fy,cx,cy and at "
                    "most 8 distortion coefficients"
                )
            if not all(math.isfinite(v) for v in self.intrinsics) or min(self.intrinsics[:2]) <= 0:
                raise CameraError(
                    "intrinsics must be finite numbers with fx and fy above zero, in pixels"
                )

    @classmethod
    def from_text(cls, fov_degrees: float | None, intrinsics: str | None) -> CameraChoice:
        """From the command line: degrees, or "fx,fy,cx,cy[,k1,...]"."""
        if intrinsics is None:
            return cls(fov_degrees)
        try:
            numbers = tuple(float(word) for word in intrinsics.split(","))
        except ValueError:
            raise CameraError(
                f"intrinsics '{intrinsics}' are not numbers separated by commas: "
                "give fx,fy,cx,cy[,k1,...]"
            ) from None
        return cls(fov_degrees, numbers)

    @property
    def is_given(self) -> bool:
        return self.fov_degrees is not None or self.intrinsics is not None

    @property
    def origin(self) -> str:
        """Where the camera comes from, for people to read."""
        if self.intrinsics is not None:
            return "given intrinsics"
        if self.fov_degrees is not None:
            return f"given field of view, {self.fov_degrees:g} degrees over the width"
        return f"assumed field of view, {ASSUMED_FOV_DEGREES:g} degrees over the longer side"

    def camera(self, width: int, height: int) -> Camera:
        """The camera of images of this size (pixels)."""
        if self.fov_degrees is not None:
            return Camera.from_fov(width, height, math.radians(self.fov_degrees))
        if self.intrinsics is None:
            return _assumed(width, height)
        fx, fy, cx, cy, *distortion = self.intrinsics
        if not (0 <= cx <= width and 0 <= cy <= height):
            raise CameraError(
                f"principal point ({cx:g}, {cy:g}) lies outside the {width}x{height} image: give "
                "the intrinsics of this resolution"
            )
        model, length = ("plumb_bob", 5) if len(distortion) <= 5 else ("rational_polynomial", 8)
        if distortion:
            distortion += [0.0] * (length - len(distortion))
        return Camera(fx, fy, cx, cy, width, height, tuple(distortion), model)


def _assumed(width: int, height: int) -> Camera:
    side = max(width, height)
    focal = Camera.from_fov(side, side, math.radians(ASSUMED_FOV_DEGREES)).fx
    return Camera(focal, focal, width / 2, height / 2, width, height)


class CamerasBySize:
    """The cameras of one input, whose images may change size.

    A field of view holds for each size. Intrinsics are of the first one, and are scaled to sizes
    of the same shape.
    """

    def __init__(self, choice: CameraChoice, width: int, height: int):
        """Of the first image. Raises CameraError where the choice does not fit it."""
        self._choice = choice
        self._first = self._latest = choice.camera(width, height)

    def camera(self, width: int, height: int) -> Camera:
        """Raises ImageError where nobody knows the camera of this size (pixels)."""
        if (width, height) != (self._latest.width, self._latest.height):
            self._latest = self._of_size(width, height)
        return self._latest

    def _of_size(self, width: int, height: int) -> Camera:
        if self._choice.intrinsics is None:
            return self._choice.camera(width, height)
        first = self._first
        if not is_same_shape(width, height, first.width, first.height):
            raise ImageError(
                f"image is {width}x{height} but the intrinsics are of {first.width}x{first.height}"
            )
        return first.scaled(width, height)


def is_same_shape(width: int, height: int, other_width: int, other_height: int) -> bool:
    """Whether two sizes are one image resized, up to a pixel of rounding."""
    return (
        abs(height - other_height * width / other_width) <= 1
        or abs(width - other_width * height / other_height) <= 1
    )

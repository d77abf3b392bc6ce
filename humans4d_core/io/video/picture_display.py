"""Pictures of a video as a player shows them: cut to their aperture, with square pixels, turned.

This is the one pixel grid of everything that is said of a video: boxes, joints, camera, overlay.
FFmpeg leaves all of it to the player, and OpenCV turns, but takes a mirrored picture for one that
is upside down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .video_header import UPRIGHT, VideoHeader

#: No camera has pixels that are longer than this many times their width, or the other way round.
MOST_PIXEL_ASPECT = 4.0
#: What OpenCV says of the turn, degrees clockwise -> display matrix.
_TURNS = {0: UPRIGHT, 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True)
class Display:
    """How to show the pictures of one size.

    Steps that do nothing are None. notes: what is done or cannot be done, for the user.
    """

    cut: tuple[slice, slice] | None = None  #: rows, columns
    square_size: tuple[int, int] | None = None  #: width, height with square pixels, px
    is_transposed: bool = False  #: x and y change places, before the mirror
    mirror: int | None = None  #: cv2.flip's: 1 left-right, 0 up-down, -1 both
    notes: tuple[str, ...] = ()

    def apply(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 as decoded -> (H', W', 3) as shown."""
        if self.cut is not None:
            image = image[self.cut]
        if self.square_size is not None:
            image = cv2.resize(image, self.square_size, interpolation=cv2.INTER_LINEAR)
        if self.is_transposed:
            image = cv2.transpose(image)
        if self.mirror is not None:
            image = cv2.flip(image, self.mirror)
        return np.ascontiguousarray(image)


def plan_display(
    size: tuple[int, int], header: VideoHeader, pixel_aspect: float, turn_degrees: float
) -> Display:
    """For decoded pictures of `size` (width, height, px).

    pixel_aspect: width of a pixel over its height. turn_degrees: clockwise, where the header has
    no matrix.
    """
    notes = []
    cut, (width, height) = _cut(size, header)
    if cut is not None:
        notes.append(f"the file shows {width}x{height} of its {size[0]}x{size[1]} pictures")
    square = None
    if not 1 / MOST_PIXEL_ASPECT <= pixel_aspect <= MOST_PIXEL_ASPECT:
        notes.append(f"the file says that its pixels are {pixel_aspect:g} to 1: not believed")
    elif (wanted := _square(width, height, pixel_aspect)) != (width, height):
        square = wanted
        notes.append(
            f"pixels are {pixel_aspect:.4g} to 1: pictures are shown with square ones, "
            f"{width}x{height} as {square[0]}x{square[1]}"
        )
    a, b, c, d = header.matrix or _TURNS.get(round(turn_degrees) % 360, (1, 1, 1, 1))
    # Only the directions matter: a scale is in the pixel aspect already.
    is_turn = abs(a * d) < 1e-4 * abs(b * c) or abs(b * c) < 1e-4 * abs(a * d)
    if not is_turn:
        notes.append("the file says that its pictures are to be shown turned askew: they are not")
        a, b, c, d = UPRIGHT
    transposed = abs(a * d) < abs(b * c)
    x, y = (c, b) if transposed else (a, d)
    if a * d - b * c < 0:
        notes.append(
            "the file says that its pictures are to be shown mirrored, and they are: left and "
            "right of people may be exchanged"
        )
    mirror = {(False, False): None, (True, False): 1, (False, True): 0, (True, True): -1}
    if notes:
        notes.append("boxes, joints, overlay and --intrinsics are of the pictures as shown")
    return Display(cut, square, transposed, mirror[x < 0, y < 0], tuple(notes))


def _cut(size, header: VideoHeader) -> tuple[tuple[slice, slice] | None, tuple[int, int]]:
    """Rows and columns of the clean aperture, and its size; only where it is of these pictures."""
    if header.aperture is None or header.coded_size != size:
        return None, size
    left, top, right, bottom = header.aperture
    inside = 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]
    if not inside or (right - left, bottom - top) == size:
        return None, size
    return (slice(top, bottom), slice(left, right)), (right - left, bottom - top)


def _square(width: int, height: int, pixel_aspect: float) -> tuple[int, int]:
    """The longer side of a pixel is the one that is kept: nothing that was seen is lost."""
    if pixel_aspect >= 1:
        return round(width * pixel_aspect), height
    return width, round(height / pixel_aspect)

"""TFMessage read from the bytes that DDS brings.

A robot's joints are hundreds of transforms, each many times a second. As rclpy's objects they would
take this process longer than the people do; read as plain numbers they take a tenth of that. The
format is plain CDR (XCDR1), as in cdr.py, in either byte order.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

from ..errors import TransformError

#: Transforms in one message; reading them takes the executor about 20 us each. 100 people with all
#: joints are 2,500.
MOST_IN_ONE = 4000
#: Of a transform: stamp, two empty names, seven numbers.
FEWEST_BYTES = 8 + 2 * 5 + 56
#: How far a quaternion's length may be off 1; tf2's.
QUATERNION_TOLERANCE = 0.1
#: m between two frames: more than from any place to the centre of the earth.
FARTHEST_LINK = 1e7


class Transform(NamedTuple):
    """The frame `child` in the frame `parent`, as plain numbers."""

    parent: str
    child: str
    seconds: int
    nanoseconds: int
    translation: tuple[float, ...]  #: x, y, z, m
    quaternion: tuple[float, ...]  #: x, y, z, w, of length 1 but for rounding

    @property
    def stamp_ns(self) -> int:
        return self.seconds * 1_000_000_000 + self.nanoseconds

    def check(self) -> None:
        """Raise TransformError where it says nothing; that is where tf2 refuses it, too."""
        what = f"transform from '{self.child}' to '{self.parent}'"
        if not self.child or not self.parent or self.child == self.parent:
            raise TransformError(f"{what}: give it two different frames")
        if not all(map(math.isfinite, (*self.quaternion, *self.translation))):
            raise TransformError(f"{what} holds numbers that are not finite")
        if max(map(abs, self.translation)) > FARTHEST_LINK:
            raise TransformError(f"{what} is over more than {FARTHEST_LINK:g} m")
        length = math.hypot(*self.quaternion)
        if abs(length - 1) > QUATERNION_TOLERANCE:
            raise TransformError(f"{what} has a quaternion of length {length:.3g} instead of 1")
        if self.seconds < 0 or self.nanoseconds >= 1_000_000_000:
            raise TransformError(
                f"{what} has the stamp {self.seconds} s and {self.nanoseconds} ns: no clock shows "
                "that"
            )


def read_transforms(data: bytes) -> list[Transform]:
    """The transforms of a serialised tf2_msgs/TFMessage, unchecked; raises TransformError where the
    bytes are something else."""
    try:
        return list(_transforms(data))
    except (struct.error, UnicodeDecodeError, IndexError, KeyError):
        raise TransformError(f"{len(data)} bytes on TF are no tf2_msgs/TFMessage") from None


_LAYOUTS = {
    flag: tuple(struct.Struct(order + code) for code in ("I", "iI", "7d"))
    for flag, order in ((0, ">"), (1, "<"))
}


def _transforms(data: bytes):
    # Alignment counts from behind the four bytes that name the byte order.
    uint32, stamp, numbers = _LAYOUTS[data[1]]
    (count,) = uint32.unpack_from(data, 4)
    if count * FEWEST_BYTES > len(data):
        raise struct.error("more transforms than the message has room for")
    if count > MOST_IN_ONE:
        raise TransformError(f"a message on TF has {count} transforms, more than {MOST_IN_ONE}")
    place = 8

    def text() -> str:
        nonlocal place
        place = (place + 3) & ~3
        (length,) = uint32.unpack_from(data, place)
        start, place = place + 4, place + 4 + length
        if place > len(data):
            raise struct.error("a string is longer than the message")
        return data[start : place - 1].decode()

    for _ in range(count):
        place = (place + 3) & ~3
        seconds, nanoseconds = stamp.unpack_from(data, place)
        place += 8
        # ROS 1 began the names of frames with a slash.
        parent, child = text().lstrip("/"), text().lstrip("/")
        place = ((place - 4 + 7) & ~7) + 4
        x, y, z, *quaternion = numbers.unpack_from(data, place)
        place += 56
        yield Transform(parent, child, seconds, nanoseconds, (x, y, z), tuple(quaternion))

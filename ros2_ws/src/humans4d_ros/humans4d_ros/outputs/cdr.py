"""Messages as the bytes that DDS sends, for those whose Python objects cost too much.

A marker of 41,328 points takes rclpy a tenth of a second, as bytes a fraction of a millisecond.
`Publisher.publish` takes such bytes in place of a message. The format is plain CDR (XCDR1, little
endian), the one that rclpy's own serialisation writes: each number at a multiple of its size, a
string or sequence behind its length.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

#: Little endian, plain CDR; not part of what alignment counts from.
HEADER = b"\x00\x01\x00\x00"
#: What stands before a number to align it; readers skip it, and rclpy leaves there what was in its
#: memory.
PADDING = b"\x00"


class CdrWriter:
    """Takes a message's fields in the order of its definition."""

    def __init__(self):
        self._parts: list = [HEADER]
        self._size = 0

    def numbers(self, code: str, *values) -> None:
        """Numbers of one of struct's types: i (int32), I (uint32), f, d, B (uint8), ? (bool)."""
        layout = _layout(code, len(values))
        self._align(struct.calcsize(code))
        self._parts.append(layout.pack(*values))
        self._size += layout.size

    def text(self, text: str) -> None:
        data = text.encode()
        self.numbers("I", len(data) + 1)
        self._parts.append(data + b"\0")
        self._size += len(data) + 1

    def array(self, values: np.ndarray) -> None:
        """Every number of an array, without a length. It is not copied before `to_bytes`."""
        if values.size:
            self._align(values.itemsize)
            self._parts.append(np.ascontiguousarray(values).data.cast("B"))
            self._size += values.nbytes

    def to_bytes(self) -> bytes:
        return b"".join(self._parts)

    def _align(self, size: int) -> None:
        if padding := -self._size % size:
            self._parts.append(padding * PADDING)
            self._size += padding


@lru_cache(maxsize=64)
def _layout(code: str, count: int) -> struct.Struct:
    return struct.Struct(f"<{count}{code}")

"""How large an encoded picture is, from its header, before anybody makes room for its pixels.

A picture of one colour packs a thousandfold: 130 kB of PNG can stand for 3 GB of pixels.
"""

from __future__ import annotations

import struct

from ...errors import ImageError

#: The largest pictures of phones have 200 million. OpenCV is held to it too, see humans4d_core.
MAX_PIXELS = 1 << 28
_MAX_MARKERS = 10_000


def check_picture_size(data: bytes) -> None:
    """Raise ImageError where the header says more than MAX_PIXELS; unknown formats pass."""
    try:
        size = _size(data)
    except (struct.error, IndexError, ValueError):  # cut off: the decoder says so
        return
    if size is not None and abs(size[0]) * abs(size[1]) > MAX_PIXELS:
        raise ImageError(
            f"it is {abs(size[0])}x{abs(size[1])}, more than {MAX_PIXELS / 1e6:.0f} megapixels"
        )


def _size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None where the format is not known."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack_from(">II", data, 16)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:2] == b"BM":
        old = struct.unpack_from("<I", data, 14)[0] == 12
        return struct.unpack_from("<HH" if old else "<ii", data, 18)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(data, "<" if data[:1] == b"I" else ">")
    if data[:1] == b"P" and data[1:2] in b"123456":
        words = b"\n".join(line.partition(b"#")[0] for line in data[2:4096].split(b"\n")).split()
        return int(words[0]), int(words[1])
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    position = 2
    for _ in range(_MAX_MARKERS):
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, position + 4)
            return width, height
        position += 1 + struct.unpack_from(">H", data, position + 1)[0]
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(data: bytes, order: str) -> tuple[int, int]:
    """Of the first picture; 16 and 32 bit numbers stand in an entry's last four bytes."""
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    sides = {}
    for entry in range(count):
        at = directory + 2 + 12 * entry
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if tag in (256, 257):
            (sides[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 8)
    return sides.get(256, 0), sides.get(257, 0)

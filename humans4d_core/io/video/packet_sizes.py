"""How large a picture is stored, out of the data of its packet.

A film may change its size in the middle (a call whose phone is turned, a broadcast). OpenCV then
stretches the pictures to the size of the first, and does not say so.
"""

from __future__ import annotations

import re

#: profile_idc of H.264 whose parameters say more of the colours.
_HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
_START_CODE = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)


def picture_size(codec: str, data: bytes) -> tuple[int, int] | None:
    """Width and height (px) that a packet states; None where it states none.

    codec: as `codec_name` calls it; data: the packet, with start codes where the codec has them.
    """
    reader = _READERS.get(codec)
    try:
        return reader(data) if reader is not None else None
    except (IndexError, ValueError):
        return None


class _Bits:
    def __init__(self, data: bytes):
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def number(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the data ends")
        return self._value >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        """Exp-Golomb code, ITU-T H.264, 9.1."""
        zeros = 0
        while not self.number(1):
            zeros += 1
        return (1 << zeros) - 1 + self.number(zeros)

    def signed_golomb(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _unit(data: bytes, is_wanted) -> _Bits | None:
    """The first unit whose header byte is wanted, behind that byte."""
    for found in _START_CODE.finditer(data):
        if is_wanted(found[1][0]):
            # Parameters are short; 00 00 03 stands for 00 00.
            unit = data[found.end() : found.end() + 512]
            return _Bits(unit.replace(b"\x00\x00\x03", b"\x00\x00"))
    return None


def _h264(data: bytes) -> tuple[int, int] | None:
    """Sequence parameter set: ITU-T H.264, 7.3.2.1.1."""
    bits = _unit(data, lambda header: header & 31 == 7)
    if bits is None:
        return None
    profile, chroma = bits.number(24) >> 16, 1
    bits.golomb()
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.number(1)
        bits.golomb(), bits.golomb(), bits.number(1)
        if bits.number(1):
            for k in range(12 if chroma == 3 else 8):
                if bits.number(1):
                    _skip_scaling_list(bits, 16 if k < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.number(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb(), bits.number(1)
    width, height = 16 * (bits.golomb() + 1), bits.golomb() + 1
    fields = 2 - bits.number(1)
    if fields == 2:
        bits.number(1)
    bits.number(1)
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * fields
    return _cropped(bits, width, 16 * height * fields, across, down)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _hevc(data: bytes) -> tuple[int, int] | None:
    """Sequence parameter set: ITU-T H.265, 7.3.2.2.1."""
    bits = _unit(data, lambda header: header >> 1 & 63 == 33)
    if bits is None:
        return None
    bits.number(8 + 4)
    layers = bits.number(3)
    bits.number(1 + 96)
    present = [(bits.number(1), bits.number(1)) for _ in range(layers)]
    bits.number(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.number(88 * profile + 8 * level)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.number(1)
    width, height = bits.golomb(), bits.golomb()
    return _cropped(bits, width, height, 2 if chroma in (1, 2) else 1, 2 if chroma == 1 else 1)


def _cropped(bits: _Bits, width: int, height: int, across: int, down: int) -> tuple[int, int]:
    if bits.number(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width, height = width - across * (left + right), height - down * (top + bottom)
    return width, height


def _mpeg2(data: bytes) -> tuple[int, int] | None:
    place = data.find(b"\x00\x00\x01\xb3")
    sizes = _Bits(data[place + 4 : place + 7]) if place >= 0 else None
    return (sizes.number(12), sizes.number(12)) if sizes else None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xC3:
            height, width = (int.from_bytes(data[place + k : place + k + 2], "big") for k in (5, 7))
            return width, height
        place += 2 + length
    return None


def _vp8(data: bytes) -> tuple[int, int] | None:
    """Key frames: RFC 6386, 9.1."""
    if data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = (int.from_bytes(data[k : k + 2], "little") & 0x3FFF for k in (6, 8))
    return width, height


def _vp9(data: bytes) -> tuple[int, int] | None:
    """Key frames: VP9 Bitstream Specification, 6.2."""
    bits = _Bits(data[:32])
    bits.number(2)
    profile = bits.number(1) + 2 * bits.number(1)
    if profile == 3:
        bits.number(1)
    if bits.number(1) or bits.number(1) or bits.number(26) & 0xFFFFFF != 0x498342:
        return None
    if profile >= 2:
        bits.number(1)
    if bits.number(3) != 7:
        bits.number(1 + 3 * (profile % 2))
    else:
        bits.number(profile % 2)
    return bits.number(16) + 1, bits.number(16) + 1


_READERS = {
    "H.264": _h264,
    "HEVC": _hevc,
    "MPEG-1": _mpeg2,
    "MPEG-2": _mpeg2,
    "Motion JPEG": _jpeg,
    "VP8": _vp8,
    "VP9": _vp9,
}

#: Whose packets state a size that is read here.
SIZED_CODECS = tuple(_READERS)

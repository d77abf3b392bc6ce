"""What a video's container says of its pictures: codec, place on the screen, missing parts.

Only MP4 / QuickTime, Matroska / WebM and AVI are read, of Ogg, ASF and FLV no more than whether
there are pictures; FFmpeg reads the rest alone. Nothing is
believed: sizes are bounded by the file, and a header that makes no sense says nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

#: Boxes, elements or chunks that are looked at in one folder of the tree.
_MOST_PARTS = 100_000
#: Identity of a display matrix: x to the right, y down.
UPRIGHT = (1, 0, 0, 1)


@dataclass(frozen=True)
class VideoHeader:
    """What the container says; all unknown where it is of another kind or damaged."""

    codec: str | None = None  #: of the first track of pictures, as the container writes it
    has_pictures: bool | None = None
    has_sound: bool = False
    is_cut_off: bool = False  #: the part that says where the pictures are is missing
    #: a, b, c, d of x' = a x + c y, y' = b x + d y, for whoever shows the pictures; None: unknown
    matrix: tuple[float, float, float, float] | None = None
    coded_size: tuple[int, int] | None = None  #: width, height of the pictures as stored, px
    #: left, top, right, bottom of what is to be shown of them, px; None: all
    aperture: tuple[int, int, int, int] | None = None


def read_header(file: BinaryIO, container: str) -> VideoHeader:
    """container: as `container_name` calls it. Never raises for what the file says."""
    reader = {
        "MP4": _read_mp4, "Matroska": _read_matroska, "AVI": _read_avi, "Ogg": _read_kinds,
        "ASF": _read_kinds, "FLV": _read_kinds,
    }.get(container)  # fmt: skip
    if reader is None:
        return VideoHeader()
    try:
        return reader(file, file.seek(0, 2))
    except (struct.error, ValueError, OverflowError, ZeroDivisionError):
        return VideoHeader()


def _at(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


# MP4 and QuickTime: ISO/IEC 14496-12


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start and end of its content), until one does not fit."""
    for _ in range(_MOST_PARTS):
        header = _at(file, start, 16)
        if start + 8 > end or len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        content = start + 8
        if size == 1 and len(header) == 16:
            size, content = struct.unpack(">Q", header[8:])[0], start + 16
        elif size == 0:
            size = end - start
        if size < content - start or start + size > end:
            return
        yield kind, content, start + size
        start += size


def _box(file: BinaryIO, start: int, end: int, *path: bytes) -> tuple[int, int] | None:
    """Start and end of the content of the first box at `path`."""
    for kind in path:
        found = next(((a, b) for k, a, b in _boxes(file, start, end) if k == kind), None)
        if found is None:
            return None
        start, end = found
    return start, end


def _read_mp4(file: BinaryIO, size: int) -> VideoHeader:
    movie = _box(file, 0, size, b"moov")
    if movie is None:
        return VideoHeader(is_cut_off=True)
    whole = _matrix(file, _box(file, *movie, b"mvhd"), 36, 48)
    header = VideoHeader(has_pictures=False)
    for kind, start, end in _boxes(file, *movie):
        handler = _box(file, start, end, b"mdia", b"hdlr") if kind == b"trak" else None
        if handler is None:
            continue
        sort = _at(file, handler[0] + 8, 4)
        header = replace(header, has_sound=header.has_sound or sort == b"soun")
        if sort != b"vide" or header.has_pictures:
            continue
        a, b, c, d = _matrix(file, _box(file, start, end, b"tkhd"), 40, 52)
        e, f, g, h = whole
        matrix = (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
        header = replace(header, has_pictures=True, matrix=matrix)
        samples = _box(file, start, end, b"mdia", b"minf", b"stbl", b"stsd")
        if samples is not None:
            header = replace(header, **_sample_entry(file, samples[0] + 8, samples[1]))
    return header


def count_mp4_pictures(file: BinaryIO) -> int:
    """How many samples the first track of an MP4 has; -1 where its index is missing."""
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz")
    place = _box(file, 0, file.seek(0, 2), *table)
    return struct.unpack(">I", _at(file, place[0] + 8, 4))[0] if place else -1


def _matrix(file: BinaryIO, box, short: int, long: int) -> tuple[float, float, float, float]:
    """a, b, c, d. They lie `short` bytes in where times have 32 bits, `long` where 64."""
    if box is None:
        return UPRIGHT
    version = _at(file, box[0], 1)
    values = struct.unpack(">9i", _at(file, box[0] + (long if version == b"\1" else short), 36))
    a, b, _, c, d, *_ = (value / 65536 for value in values)
    # All zero: written by nobody who meant it.
    return (a, b, c, d) if a * d - b * c else UPRIGHT


def _sample_entry(file: BinaryIO, start: int, end: int) -> dict:
    for kind, content, stop in _boxes(file, start, end):
        width, height = struct.unpack(">HH", _at(file, content + 24, 4))
        found = {"codec": _text(kind), "coded_size": (width, height)}
        clap = _box(file, content + 78, stop, b"clap")
        if clap is not None:
            n = struct.unpack(">IIIIiIiI", _at(file, clap[0], 32))
            wide, high, right, down = (n[k] / n[k + 1] for k in (0, 2, 4, 6))
            # The offset is from the middle to the middle.
            left, top = (width - wide) / 2 + right, (height - high) / 2 + down
            found["aperture"] = tuple(round(v) for v in (left, top, left + wide, top + high))
        return found
    return {}


# Matroska and WebM: RFC 9559, RFC 8794

_SEGMENT, _TRACKS, _TRACK, _CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675
_TYPE, _CODEC, _PRIVATE, _VIDEO = 0x83, 0x86, 0x63A2, 0xE0
_WIDTH, _HEIGHT, _CROP_BOTTOM, _CROP_TOP, _CROP_LEFT, _CROP_RIGHT = (
    0xB0, 0xBA, 0x54AA, 0x54BB, 0x54CC, 0x54DD,
)  # fmt: skip


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(id, start and end of its content); a size that is unknown or too large ends with `end`."""
    for _ in range(_MOST_PARTS):
        header = _at(file, start, 12)
        if start >= end or not header or not header[0]:
            return
        id_length = 9 - header[0].bit_length()
        if id_length > 4 or len(header) <= id_length or not header[id_length]:
            return
        length = 9 - header[id_length].bit_length()
        content = start + id_length + length
        size_bits = (1 << 7 * length) - 1
        size = int.from_bytes(header[id_length : id_length + length], "big") & size_bits
        stop = end if size == size_bits else min(content + size, end)
        yield int.from_bytes(header[:id_length], "big"), content, stop
        start = stop


def _values(file: BinaryIO, start: int, end: int) -> dict[int, tuple[int, int]]:
    return {name: (a, b) for name, a, b in _elements(file, start, end)}


def _number(file: BinaryIO, place: tuple[int, int] | None) -> int:
    return int.from_bytes(_at(file, place[0], min(place[1] - place[0], 8)), "big") if place else 0


def _read_matroska(file: BinaryIO, size: int) -> VideoHeader:
    segment = _values(file, 0, size).get(_SEGMENT)
    tracks = None
    for name, start, end in _elements(file, *segment) if segment else ():
        if name == _TRACKS:
            tracks = (start, end)
        if name in (_TRACKS, _CLUSTER):
            break
    if tracks is None:
        return VideoHeader(is_cut_off=True)
    header = VideoHeader(has_pictures=False)
    for name, start, end in _elements(file, *tracks):
        if name != _TRACK:
            continue
        track = _values(file, start, end)
        kind = _number(file, track.get(_TYPE))
        header = replace(header, has_sound=header.has_sound or kind == 2)
        if kind != 1 or header.has_pictures:
            continue
        codec = _text(_at(file, track[_CODEC][0], 40)[: track[_CODEC][1] - track[_CODEC][0]])
        if codec == "V_MS/VFW/FOURCC" and _PRIVATE in track:
            codec = _text(_at(file, track[_PRIVATE][0] + 16, 4))
        header = replace(header, has_pictures=True, codec=codec)
        if _VIDEO in track:
            picture = _values(file, *track[_VIDEO])
            names = (_WIDTH, _HEIGHT, _CROP_LEFT, _CROP_TOP, _CROP_RIGHT, _CROP_BOTTOM)
            width, height, *cut = (_number(file, picture.get(name)) for name in names)
            shown = (cut[0], cut[1], width - cut[2], height - cut[3]) if any(cut) else None
            header = replace(header, coded_size=(width, height), aperture=shown)
    return header


# AVI: RIFF


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, of a list its type; start and end of its content)."""
    for _ in range(_MOST_PARTS):
        header = _at(file, start, 12)
        if start + 8 > end or len(header) < 8:
            return
        name, size = struct.unpack("<4sI", header[:8])
        stop = min(start + 8 + size, end)
        is_list = name in (b"LIST", b"RIFF") and len(header) == 12
        yield (header[8:], start + 12, stop) if is_list else (name, start + 8, stop)
        start += 8 + size + size % 2


def _read_avi(file: BinaryIO, size: int) -> VideoHeader:
    place: tuple[int, int] | None = (0, size)
    for name in (b"AVI ", b"hdrl"):
        if place is not None:
            place = next(((a, b) for n, a, b in _chunks(file, *place) if n == name), None)
    if place is None:
        return VideoHeader(is_cut_off=True)
    header = VideoHeader(has_pictures=False)
    for name, start, end in _chunks(file, *place):
        parts = {n: a for n, a, _ in _chunks(file, start, end)} if name == b"strl" else {}
        sort = _at(file, parts[b"strh"], 4) if b"strh" in parts else b""
        header = replace(header, has_sound=header.has_sound or sort == b"auds")
        if sort == b"vids" and not header.has_pictures and b"strf" in parts:
            codec = _text(_at(file, parts[b"strf"] + 16, 4))
            header = replace(header, has_pictures=True, codec=codec)
    return header


# Ogg, ASF, FLV: only whether there are pictures

#: What a stream of pictures, and one of sound, begins with.
_PICTURES = rb"\x80theora|BBCD\x00|OVP80|\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80"
_SOUND = rb"\x01vorbis|OpusHead|\x7fFLAC|Speex   |\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80"


def _read_kinds(file: BinaryIO, size: int) -> VideoHeader:
    head = _at(file, 0, 65536)
    if head.startswith(b"FLV"):
        # Flags of the header, which live recorders leave at zero.
        pictures, sound = bool(head[4] & 1), bool(head[4] & 4)
    else:
        pictures, sound = (re.search(kinds, head) is not None for kinds in (_PICTURES, _SOUND))
    return VideoHeader(has_pictures=False if sound and not pictures else None, has_sound=sound)


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0 ").decode("ascii", "backslashreplace")

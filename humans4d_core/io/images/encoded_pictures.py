"""What encoded bytes hold: which format, how large a picture, and whether all of it is there.

A decoder makes gray pixels of what is missing, so a picture that was cut short is found here, by
its own markers: ITU-T T.81 annex B (jpeg), RFC 2083 (png). What follows its end is not the
picture's: a line end of MJPEG over HTTP, a buffer's padding, a phone's trailer, a second picture.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ...errors import ImageError
from .picture_size import MAX_PIXELS

#: Each scan of a progressive jpeg costs a pass over all of its pixels; encoders make about ten.
MAX_SCANS = 100
MAX_SEGMENTS = 10_000
MAX_CHUNKS = 500_000
#: A jpeg may begin this late: what precedes it is left over of the stream that it came in.
MAX_JPEG_OFFSET = 512

#: How a format's bytes begin, for a sentence that names it.
_BEGINNINGS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\0\0\0\x0cjP  ", "jpeg 2000"),
    (b"\xff\x4f\xff\x51", "jpeg 2000"),
    (b"\0\0\0\x0cJXL ", "jpeg xl"),
    (b"\xff\x0a", "jpeg xl"),
    (b"qoif", "qoi"),
    (b"v/1\x01", "openexr"),
    (b"#?", "radiance hdr"),
    (b"P5", "pgm"),
    (b"P6", "ppm"),
    (b"\0\0\0\x01", "h264 or h265 video"),
    (b"\0\0\x01", "h264 or h265 video"),
    (b"\x1a\x45\xdf\xa3", "matroska video"),
    (b"DKIF", "ivf video"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_JPEG_PROCESSES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive", 0xC3: "lossless"}
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
#: Frames: all of 0xC0 to 0xCF but the tables DHT, JPG and DAC.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: The byte after 0xFF that makes a marker: no stuffing, no fill byte, no restart inside of a scan.
_IS_MARKER = np.ones(256, bool)
_IS_MARKER[[0x00, 0xFF, *range(0xD0, 0xD8)]] = False


@dataclass(frozen=True)
class EncodedPicture:
    """A whole picture in encoded bytes."""

    kind: str  #: "jpeg" or "png"
    process: str  #: how it was encoded, for people to read
    width: int  #: pixels
    height: int
    channels: int  #: as stored: 1 is gray, or a mosaic of colours
    start: int  #: of its first byte
    end: int  #: after its last byte


def picture_kind(data: np.ndarray) -> str:
    """The format that bytes (N,) uint8 begin as, and "" where no known one does."""
    head = data[:16].tobytes()
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        brand = head[8:12].decode("latin-1").strip()
        return {"avif": "avif", "avis": "avif", "heic": "heic", "heix": "heic"}.get(brand, "mp4")
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), "")


def find_jpeg(data: np.ndarray) -> int:
    """Where a jpeg begins within the first bytes of (N,) uint8; -1: nowhere."""
    return data[:MAX_JPEG_OFFSET].tobytes().find(b"\xff\xd8\xff")


def read_picture(data: np.ndarray) -> EncodedPicture:
    """The jpeg or png in bytes (N,) uint8. Raises ImageError where it is not whole, or too large.

    A jpeg may have some bytes before it, and either may have any after it.
    """
    kind = picture_kind(data)
    if kind == "png":
        picture = _read_png(data)
    else:
        start = 0 if kind == "jpeg" else find_jpeg(data)
        if start < 0:
            raise ImageError("it is neither jpeg nor png")
        picture = _read_jpeg(data, start)
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError(
            f"it is {picture.width}x{picture.height}, more than {MAX_PIXELS / 1e6:.0f} megapixels"
        )
    return picture


def _read_jpeg(data: np.ndarray, start: int) -> EncodedPicture:
    position, scans, frame = start + 2, 0, None
    for _ in range(MAX_SEGMENTS):
        position = _next_jpeg_marker(data, position)
        if position < 0:
            break
        marker = int(data[position - 1])
        if marker == _EOI and frame is not None and scans:
            return EncodedPicture("jpeg", *frame, start, position)
        if marker in (_SOI, _EOI):
            break  # the next picture begins, or this one ends before it has begun
        if marker == _TEM or marker < 0xC0:
            continue  # has no content; below 0xC0: damage inside of a scan
        head = data[position : position + 8].tobytes()
        length = int.from_bytes(head[:2], "big")
        if len(head) < 2 or length < 2 or position + length > len(data):
            break
        if marker in _SOF and frame is None and length >= 8:
            height, width = struct.unpack(">HH", head[3:7])
            process = _JPEG_PROCESSES.get(marker, "arithmetic or hierarchical")
            frame = (f"{process}, {head[2]} bits", width, height, head[7])
        scans += marker == _SOS
        if scans > MAX_SCANS:
            raise ImageError(f"it is a jpeg of more than {MAX_SCANS} scans")
        position += length
    else:
        raise ImageError(f"it is a jpeg of more than {MAX_SEGMENTS} segments")
    raise ImageError("it is cut short: the jpeg's end marker does not come")


def _next_jpeg_marker(data: np.ndarray, position: int) -> int:
    """The byte after the next marker at or after `position`; -1: none comes."""
    size = 64
    while position < len(data):
        block = data[position : position + size + 1]
        at = np.flatnonzero(block[:-1] == 0xFF)
        found = at[_IS_MARKER[block[at + 1]]]
        if len(found):
            return position + int(found[0]) + 2
        position += size
        size = min(4 * size, 2**16)  # of what lies in a processor's cache
    return -1


def _read_png(data: np.ndarray) -> EncodedPicture:
    view, position = data.data, 8
    header = b""
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(data):
            raise ImageError("it is cut short: the png's end chunk does not come")
        length, name = struct.unpack_from(">I4s", view, position)
        if name == b"IHDR" and length == 13:
            header = bytes(view[position + 8 : position + 21])
        position += 12 + length
        if name == b"IEND" and position <= len(data):
            break
    else:
        raise ImageError(f"it is a png of more than {MAX_CHUNKS} chunks")
    if len(header) != 13:
        raise ImageError("it is a png without a header")
    width, height, bits, colour = struct.unpack(">IIBB", header[:10])
    channels = {0: 1, 4: 1}.get(colour, 3)  # gray, also with alpha; a palette has colours
    return EncodedPicture("png", f"{bits} bits", width, height, channels, 0, position)

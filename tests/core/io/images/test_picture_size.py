"""Pictures that claim more pixels than any camera makes are refused by their header."""

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from humans4d_core.errors import ImageError, InputFileError
from humans4d_core.io import open_source
from humans4d_core.io.images.picture_size import MAX_PIXELS, _size, check_picture_size

FORMATS = (".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm", ".pgm")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_one_colour(width, height):
    """A whole PNG of one bit a pixel."""
    packer = zlib.compressobj(9)
    rows = bytes(width // 8 + 1) * 100
    pixels = b"".join(packer.compress(rows) for _ in range(height // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_size_is_read_from_every_format(suffix):
    image = np.full((37, 53) if suffix == ".pgm" else (37, 53, 3), 90, np.uint8)
    assert _size(cv2.imencode(suffix, image)[1].tobytes()) == (53, 37)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_cut_header_is_left_to_the_decoder(suffix):
    image = np.zeros((5, 5) if suffix == ".pgm" else (5, 5, 3), np.uint8)
    content = cv2.imencode(suffix, image)[1].tobytes()
    for length in range(0, min(len(content), 120)):
        check_picture_size(content[:length])


def test_a_picture_of_a_billion_pixels_is_refused_with_its_size(tmp_path):
    bomb = png_of_one_colour(32_000, 33_000)
    assert len(bomb) < 1_000_000
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(InputFileError, match="32000x33000, more than 268 megapixels"):
        open_source(tmp_path / "bomb.png")


def test_a_bomb_among_images_is_skipped_counted_and_named(tmp_path):
    for name in ("1.png", "3.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((20, 20, 3), np.uint8))
    (tmp_path / "2.png").write_bytes(png_of_one_colour(32_000, 33_000))
    with open_source(tmp_path) as source:
        assert [frame.number for frame in source] == [1, 3]
        assert source.skipped == 1 and "32000x33000" in source.notes[-1]


@pytest.mark.parametrize("header", [
    b"BM" + bytes(12) + struct.pack("<Iii", 40, 100_000, -100_000),
    b"P6 # text\n100000 # x\n100000\n255\n",
    b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, 100_000, 257, 4, 1, 100_000),
    b"RIFF0000WEBPVP8X" + struct.pack("<II", 10, 0) + b"\xff\xff\xff" * 2,
    b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08" + struct.pack(">HH", 60_000, 60_000),
])  # fmt: skip
def test_claims_of_every_format_are_refused(header):
    with pytest.raises(ImageError, match="megapixels"):
        check_picture_size(header)


def test_an_8192x4096_picture_is_read(tmp_path):
    assert MAX_PIXELS > 200e6
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), np.zeros((4096, 8192, 3), np.uint8))
    with open_source(path) as source:
        (frame,) = source
        assert frame.image_bgr.shape == (4096, 8192, 3)


def test_opencv_itself_is_held_to_the_bound(tmp_path):
    """Where this package is loaded before it, as in all of its own programs."""
    (tmp_path / "bomb.png").write_bytes(png_of_one_colour(32_000, 33_000))
    program = (
        "import sys, humans4d_core.io, cv2, numpy\n"
        "try: image = cv2.imdecode(numpy.fromfile(sys.argv[1], numpy.uint8), cv2.IMREAD_COLOR)\n"
        "except cv2.error: image = None\n"
        "sys.exit(image is not None)"
    )
    assert not subprocess.run([sys.executable, "-c", program, tmp_path / "bomb.png"]).returncode

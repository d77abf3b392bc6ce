"""What packets say of the size of their pictures; a film that changes it is not stretched."""

import cv2
import numpy as np
import pytest

from humans4d_core.io import CameraChoice, VideoSource
from humans4d_core.io.video.packet_sizes import SIZED_CODECS, picture_size

#: Starts of packets that FFmpeg's encoders made.
PACKETS = [
    ("H.264", "00000167640015acd94120c684000003000400000300503c58b65800", (288, 384)),
    ("H.264", "0000016764001facd940c0126840000003004000000503c60c658000", (768, 576)),
    ("HEVC", "00000142010101600000030090000003000003003ca00908060596566924cae68080000003008000"
     "00050400", (288, 384)),
    ("MPEG-2", "000001b312018013ffffe018", (288, 384)),
    ("VP9", "824983420011f017f60038241c184a00", (288, 384)),
    ("VP8", "3079019d012a20018001000708858588", (288, 384)),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "packet", "size"), PACKETS)
def test_the_size_in_a_packet_is_read(codec, packet, size):
    assert picture_size(codec, bytes.fromhex(packet)) == size
    # Something may come before it.
    if codec in ("H.264", "HEVC"):
        assert picture_size(codec, b"\0\0\1\x06\xff\0" + bytes.fromhex(packet)) == size


def test_the_size_of_a_jpeg_is_read():
    data = cv2.imencode(".jpg", np.zeros((30, 50, 3), np.uint8))[1].tobytes()
    assert picture_size("Motion JPEG", data) == (50, 30)


@pytest.mark.parametrize("codec", SIZED_CODECS)
def test_nothing_is_read_of_nonsense(codec):
    rng = np.random.default_rng(0)
    for length in (0, 1, 5, 60, 600):
        data = rng.integers(0, 255, length, np.uint8).tobytes()
        for start in (b"", b"\0\0\1\x67", b"\0\0\1\x42\1", b"\xff\xd8", b"\0\0\1\xb3"):
            picture_size(codec, start + data)
            picture_size(codec, start + bytes(length))


def jpeg_stream(path, *sizes):
    noise = np.random.default_rng(0)
    images = (noise.integers(0, 255, (h, w, 3), np.uint8) for w, h in sizes)
    path.write_bytes(b"".join(cv2.imencode(".jpg", image)[1].tobytes() for image in images))
    return path


def test_a_film_that_changes_its_shape_is_not_stretched(tmp_path):
    path = jpeg_stream(tmp_path / "film.mjpeg", *[(64, 48)] * 3, *[(48, 64)] * 3, (128, 96))
    with VideoSource(path, CameraChoice(fov_degrees=90)) as source:
        frames = list(source)
    shapes = [frame.image_bgr.shape[:2] for frame in frames]
    # The last one has the shape of the first, and is shown as large.
    assert shapes == [(48, 64)] * 3 + [(64, 48)] * 3 + [(48, 64)]
    assert [frame.camera.fx for frame in frames] == pytest.approx([32] * 3 + [24] * 3 + [32])


def test_pictures_of_another_shape_are_left_out_where_intrinsics_are_given(tmp_path):
    path = jpeg_stream(tmp_path / "film.mjpeg", (64, 48), (48, 64), (64, 48))
    with VideoSource(path, CameraChoice(intrinsics=(50, 50, 32, 24))) as source:
        assert [frame.number for frame in source] == [1, 3]
    assert source.skipped == 1 and any("48x64" in note for note in source.notes)

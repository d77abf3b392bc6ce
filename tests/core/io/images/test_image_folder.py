import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.io import ImageFolderSource


def write(path, value, size=(64, 48)):
    assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), value, np.uint8))


def read(path, **options):
    with ImageFolderSource(path, **options) as source:
        return list(source), source


def test_images_come_in_natural_order_of_their_names(tmp_path):
    for number in (10, 2, 1, 100):
        write(tmp_path / f"frame{number}.png", number)
    (tmp_path / "notes.txt").write_text("not an image")
    frames, source = read(tmp_path, frame_rate=4)
    assert [int(f.image_bgr[0, 0, 0]) for f in frames] == [1, 2, 10, 100]
    assert [f.stamp_ns for f in frames] == [0, 250_000_000, 500_000_000, 750_000_000]
    assert source.frame_count == 4 and source.notes == []


def test_names_that_are_no_utf8_are_read(tmp_path):
    write(tmp_path / "1.png", 7)
    (tmp_path / "1.png").rename(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \x1b[2J.png")))
    frames, source = read(tmp_path)
    assert [int(f.image_bgr[0, 0, 0]) for f in frames] == [7] and source.skipped == 0


def test_an_assumed_frame_rate_is_said(tmp_path):
    write(tmp_path / "1.png", 0)
    write(tmp_path / "2.png", 0)
    _, source = read(tmp_path)
    assert any("--fps" in note for note in source.notes)


def test_an_unreadable_image_is_skipped_counted_and_keeps_its_time(tmp_path):
    write(tmp_path / "1.png", 0)
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    write(tmp_path / "3.png", 0)
    frames, source = read(tmp_path, frame_rate=10)
    assert [f.stamp_ns for f in frames] == [0, 200_000_000]
    assert source.skipped == 1


def test_each_image_has_a_camera_of_its_size(tmp_path):
    write(tmp_path / "1.png", 0, (64, 48))
    write(tmp_path / "2.png", 0, (30, 90))
    frames, _ = read(tmp_path)
    assert [(f.camera.width, f.camera.height) for f in frames] == [(64, 48), (30, 90)]


def test_gray_and_transparent_images_become_bgr(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), np.full((8, 8), 50, np.uint8))
    cv2.imwrite(str(tmp_path / "2.png"), np.full((8, 8, 4), 60, np.uint8))
    cv2.imwrite(str(tmp_path / "3.png"), np.full((8, 8), 70 * 257, np.uint16))
    frames, _ = read(tmp_path)
    assert [f.image_bgr.shape for f in frames] == [(8, 8, 3)] * 3
    assert [int(f.image_bgr[4, 4, 1]) for f in frames] == [50, 60, 70]


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputFileError, match="holds no images"):
        ImageFolderSource(tmp_path)


def test_a_folder_of_broken_images_is_refused(tmp_path):
    (tmp_path / "1.png").write_bytes(b"x")
    with pytest.raises(InputFileError, match="none can be read"):
        ImageFolderSource(tmp_path)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_deep_images_of_a_folder_are_scaled_by_the_bits_that_are_in_use(tmp_path, channels, suffix):
    samples = np.tile(np.linspace(0, 4095, 64), (48, 1)).astype(np.uint16)
    for name in ("1", "2"):
        cv2.imwrite(str(tmp_path / f"{name}.{suffix}"), np.dstack([samples] * channels))
    with ImageFolderSource(tmp_path) as source:
        images = [frame.image_bgr for frame in source]
    assert images[0].min() == 0 and images[0].max() == 255
    assert any("fill 12 of 16 bits" in note for note in source.notes)


def test_a_jpeg_of_a_folder_that_is_cut_short_is_left_out_and_one_with_a_trailer_is_not(tmp_path):
    jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    (tmp_path / "1.jpg").write_bytes(jpeg + b"SEFT" * 50)
    (tmp_path / "2.jpg").write_bytes(jpeg[:-40])
    with ImageFolderSource(tmp_path) as source:
        assert len(list(source)) == 1
    assert source.skipped == 1 and any("cut short" in note for note in source.notes)

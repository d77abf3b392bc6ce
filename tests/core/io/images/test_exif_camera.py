"""The focal length that a photograph's EXIF tells."""

import math

import numpy as np
import pytest
from PIL import Image

from humans4d_core.errors import InputFileError
from humans4d_core.io.images.exif_camera import exif_camera

EXIF, FOCAL_35MM, WIDTH, HEIGHT = 0x8769, 0xA405, 0xA002, 0xA003


@pytest.fixture
def photo(tmp_path):
    """photo(tags, size, suffix) -> an image file with these EXIF tags."""

    def make(tags, size=(600, 400), suffix=".jpg"):
        exif = Image.Exif()
        exif.get_ifd(EXIF).update(tags)
        path = tmp_path / f"photo{suffix}"
        Image.new("RGB", size).save(path, exif=exif)
        return path

    return make


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_full_frame_sees_what_its_focal_length_says(photo, suffix):
    camera = exif_camera(photo({FOCAL_35MM: 50}, suffix=suffix), 600, 400)
    assert camera.fx == camera.fy == pytest.approx(600 * 50 / 36)
    assert (camera.cx, camera.cy) == (300, 200)


def test_other_shapes_are_compared_by_their_diagonals(photo):
    camera = exif_camera(photo({FOCAL_35MM: 26}, (400, 300)), 400, 300)
    field = 2 * math.atan(250 / camera.fx)
    assert field == pytest.approx(2 * math.atan(math.hypot(36, 24) / 2 / 26))


@pytest.mark.parametrize("told", [(600, 400), (400, 600), (1200, 800)])
def test_an_image_that_was_turned_or_made_smaller_keeps_its_field_of_view(photo, told):
    camera = exif_camera(photo({FOCAL_35MM: 50, WIDTH: told[0], HEIGHT: told[1]}), 600, 400)
    assert camera.fx == pytest.approx(600 * 50 / 36)


def test_an_image_that_was_cut_is_not_trusted(photo):
    assert exif_camera(photo({FOCAL_35MM: 50, WIDTH: 600, HEIGHT: 600}), 600, 400) is None


@pytest.mark.parametrize("focal", [0, 1, 5000])
def test_what_no_lens_has_is_not_believed(photo, focal):
    assert exif_camera(photo({FOCAL_35MM: focal}), 600, 400) is None


def test_no_exif_is_no_camera(photo, tmp_path):
    assert exif_camera(photo({}), 600, 400) is None
    (tmp_path / "text.jpg").write_text("no image")
    assert exif_camera(tmp_path / "text.jpg", 600, 400) is None
    with pytest.raises(InputFileError):
        exif_camera(tmp_path / "missing.jpg", 600, 400)


def test_damaged_headers_never_raise(photo):
    path = photo({FOCAL_35MM: 50, WIDTH: 600, HEIGHT: 400})
    sound = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(sound)
        for place in rng.integers(0, 160, 4):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(20, len(damaged))])
        camera = exif_camera(path, 600, 400)
        assert camera is None or camera.fx > 0

"""CameraInfo and the size of an image say which camera it has."""

from types import SimpleNamespace

import numpy as np
import pytest

from humans4d_core.errors import CameraError
from humans4d_core.io import Calibration, camera_from_message, camera_info_fields
from humans4d_core.types import Camera


def camera_info(camera, **changes):
    roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    fields = {**camera_info_fields(camera), "binning_x": 0, "binning_y": 0, "roi": roi}
    return SimpleNamespace(**{**fields, **changes})


CAMERA = Camera(500, 510, 320, 250, 640, 480, (-0.1, 0.01, 0.001, 0.002, 0.0))


@pytest.mark.parametrize(
    "camera",
    [
        CAMERA,
        Camera(500, 500, 320, 240, 640, 480, (0.1,) * 8, "rational_polynomial"),
        Camera(500, 500, 320, 240, 640, 480, (0.1,) * 4, "equidistant"),
    ],
)
def test_a_camera_survives_camera_info(camera):
    assert camera_from_message(camera_info(camera)) == camera


def test_a_camera_without_distortion_survives_camera_info():
    camera = camera_from_message(camera_info(Camera(500, 510, 320, 250, 640, 480)))
    assert (camera.fx, camera.cy, camera.is_distorted) == (500, 250, False)


def test_rectified_images_take_p_without_distortion():
    p = np.array([400, 0, 300, 0, 0, 410, 200, 0, 0, 0, 1, 0], float)
    camera = camera_from_message(camera_info(CAMERA, p=p), rectified=True)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (400, 410, 300, 200)
    assert not camera.is_distorted


def test_binning_and_region_of_interest_change_the_camera():
    roi = SimpleNamespace(x_offset=100, y_offset=40, width=400, height=200)
    camera = camera_from_message(camera_info(CAMERA, roi=roi, binning_x=2, binning_y=2))
    assert (camera.width, camera.height) == (200, 100)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (250, 255, 110, 105)


def test_an_uncalibrated_camera_is_refused():
    with pytest.raises(CameraError, match="not calibrated"):
        camera_from_message(camera_info(CAMERA, k=np.zeros(9)))


def calibration(**changes) -> Calibration:
    return Calibration.from_message(camera_info(CAMERA, **changes))


def numbers(camera: Camera) -> tuple:
    return (camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height)


def test_images_of_half_the_size_have_half_of_k():
    camera = calibration().camera_for(320, 240)
    assert numbers(camera) == (250, 255, 160, 125, 320, 240)
    assert camera.distortion == CAMERA.distortion


def test_an_image_of_a_size_that_a_crop_may_have_has_no_camera():
    assert calibration().camera_for(480, 360) is None


def test_without_a_size_camera_info_holds_for_the_image_as_it_is():
    found = calibration(width=0, height=0)
    assert numbers(found.camera_for(640, 480)) == (500, 510, 320, 250, 640, 480)
    assert found.is_of(123, 45) and found.size == "any size"


def test_without_a_size_binning_still_counts():
    found = calibration(width=0, height=0, binning_x=2, binning_y=2)
    assert numbers(found.camera_for(320, 240)) == (250, 255, 160, 125, 320, 240)


def test_half_a_size_is_none():
    with pytest.raises(CameraError, match="no image size"):
        calibration(width=0)


def test_without_a_size_there_is_no_camera_yet():
    with pytest.raises(CameraError, match="any size"):
        camera_from_message(camera_info(CAMERA, width=0, height=0))


def test_binned_camera_info_beside_an_image_that_is_not_binned_is_undone():
    camera = calibration(binning_x=2, binning_y=2).camera_for(640, 480)
    assert numbers(camera) == (500, 510, 320, 250, 640, 480)


def test_a_region_is_cut_and_then_resized():
    roi = SimpleNamespace(x_offset=100, y_offset=40, width=400, height=200)
    camera = calibration(roi=roi).camera_for(200, 100)
    assert numbers(camera) == (250, 255, 110, 105, 200, 100)


def test_an_image_of_the_whole_sensor_was_not_cut_to_the_region():
    """The region is half as large: resizing by 2 would double every distance."""
    roi = SimpleNamespace(x_offset=160, y_offset=120, width=320, height=240)
    assert numbers(calibration(roi=roi).camera_for(640, 480)) == numbers(CAMERA)

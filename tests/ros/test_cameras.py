"""Which camera an image gets, and what is said when there is none."""

import math
import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.cameras import CameraSource
from sensor_msgs.msg import CameraInfo

from humans4d_core.errors import CameraError, ImageError


def camera_info(width=640, height=480, focal=500.0, **values) -> CameraInfo:
    k = [focal, 0.0, width / 2, 0.0, focal, height / 2, 0.0, 0.0, float(focal > 0)]
    values.setdefault("distortion_model", "plumb_bob")
    return CameraInfo(width=width, height=height, k=k, **values)


def test_the_image_gets_the_camera_of_its_size():
    source = CameraSource()
    source.update(camera_info(640, 480, 500.0))
    source.update(camera_info(320, 240, 250.0))
    assert source.camera_for(640, 480).fx == 500.0
    assert source.camera_for(320, 240).fx == 250.0


def test_a_new_calibration_replaces_the_old_one_and_only_news_are_told():
    source = CameraSource()
    assert source.update(camera_info(focal=500.0)) is True
    assert source.update(camera_info(focal=500.0)) is False
    assert source.update(camera_info(focal=510.0)) is True
    assert source.camera_for(640, 480).fx == 510.0


def test_before_any_camera_info_it_says_what_is_missing():
    with pytest.raises(CameraError, match="no CameraInfo has come yet"):
        CameraSource().camera_for(640, 480)


def test_an_image_of_another_size_is_refused():
    source = CameraSource()
    source.update(camera_info(640, 480))
    with pytest.raises(ImageError, match="320x240 but CameraInfo is of 640x480"):
        source.camera_for(320, 240)


def test_an_uncalibrated_camera_is_refused_with_the_way_out():
    source = CameraSource()
    source.update(camera_info(focal=0.0))
    with pytest.raises(CameraError, match="not calibrated.*horizontal_fov"):
        source.camera_for(640, 480)


def test_a_calibration_that_becomes_invalid_is_no_longer_used():
    source = CameraSource()
    source.update(camera_info())
    source.update(camera_info(focal=0.0))
    with pytest.raises(CameraError, match="not calibrated"):
        source.camera_for(640, 480)
    source.update(camera_info())
    assert source.camera_for(640, 480).fx == 500.0


def test_the_field_of_view_makes_up_for_a_missing_calibration():
    source = CameraSource(horizontal_fov=math.pi / 2)
    source.update(camera_info(focal=0.0))
    assert source.camera_for(640, 480).fx == pytest.approx(320.0)


def test_rectified_images_have_the_projection_matrix_and_no_distortion():
    p = [450.0, 0.0, 310.0, 0.0, 0.0, 455.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    message = camera_info(d=[0.1, 0.0, 0.0, 0.0, 0.0], p=p)
    raw, rectified = CameraSource(), CameraSource(images_are_rectified=True)
    raw.update(message)
    rectified.update(message)
    assert raw.camera_for(640, 480).is_distorted
    camera = rectified.camera_for(640, 480)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (450.0, 455.0, 310.0, 230.0)
    assert not camera.is_distorted

"""Which camera an image gets, and what is said when there is none."""

import math
import os
import threading

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.inputs.camera_info import HISTORY, CameraSource
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


@pytest.mark.parametrize("size", [(400, 300), (320, 480), (1280, 480), (960, 720), (641, 480)])
def test_an_image_of_another_size_is_refused(size):
    source = CameraSource()
    source.update(camera_info(640, 480))
    with pytest.raises(ImageError, match=f"{size[0]}x{size[1]} but CameraInfo is of 640x480"):
        source.camera_for(*size)


@pytest.mark.parametrize(
    ("size", "scale"), [((320, 240), 0.5), ((160, 120), 0.25), ((1280, 960), 2)]
)
def test_images_resized_by_a_whole_factor_get_the_camera_scaled(size, scale):
    source = CameraSource()
    source.update(camera_info(640, 480, 500.0, d=[-0.1, 0.01, 0.0, 0.0, 0.0]))
    camera = source.camera_for(*size)
    assert (camera.fx, camera.fy) == (500 * scale, 500 * scale)
    assert (camera.cx, camera.cy) == (320 * scale, 240 * scale)
    assert (camera.width, camera.height) == size
    assert camera.distortion == (-0.1, 0.01, 0.0, 0.0, 0.0)


def test_an_uncalibrated_camera_is_refused_with_the_way_out():
    source = CameraSource()
    with pytest.raises(CameraError, match="not calibrated.*horizontal_fov"):
        source.update(camera_info(focal=0.0))
    with pytest.raises(CameraError, match="not calibrated.*horizontal_fov"):
        source.camera_for(640, 480)


def test_a_calibration_that_becomes_invalid_is_no_longer_used():
    source = CameraSource()
    source.update(camera_info())
    with pytest.raises(CameraError):
        source.update(camera_info(focal=0.0))
    with pytest.raises(CameraError):  # said again, refused again
        source.update(camera_info(focal=0.0))
    with pytest.raises(CameraError, match="not calibrated"):
        source.camera_for(640, 480)
    source.update(camera_info())
    assert source.camera_for(640, 480).fx == 500.0


def test_a_distortion_that_nobody_knows_is_refused():
    source = CameraSource()
    with pytest.raises(CameraError, match="distortion model 'bent' is not one of plumb_bob"):
        source.update(camera_info(d=[0.1], distortion_model="bent"))
    with pytest.raises(CameraError, match="rectify the images first"):
        source.camera_for(640, 480)


def stamped(stamp_ns: int, **values) -> CameraInfo:
    message = camera_info(**values)
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    return message


def test_each_image_has_the_calibration_of_its_stamp():
    """A zoom lens."""
    source = CameraSource()
    for second, focal in ((10, 500.0), (11, 500.0), (12, 600.0), (13, 600.0), (14, 700.0)):
        source.update(stamped(second * 10**9, focal=focal))
    focals = [source.camera_for(640, 480, second * 10**9).fx for second in range(9, 15)]
    assert focals == [500, 500, 500, 600, 600, 700]


def test_a_zoomed_camera_is_waited_for():
    source = CameraSource()
    source.update(stamped(10**9, focal=500.0))
    source.update(stamped(2 * 10**9, focal=600.0))
    late = threading.Timer(0.01, lambda: source.update(stamped(3 * 10**9, focal=700.0)))
    late.start()
    assert source.camera_for(640, 480, 3 * 10**9).fx == 700.0
    late.join()


def test_a_bag_that_begins_anew_brings_its_calibration():
    source = CameraSource()
    source.update(stamped(100 * 10**9, focal=500.0))
    source.update(stamped(105 * 10**9, focal=600.0))
    source.update(stamped(99 * 10**9, focal=700.0))
    assert source.camera_for(640, 480, 106 * 10**9).fx == 700.0


def test_a_calibration_without_a_stamp_holds_from_now_on():
    source = CameraSource()
    source.update(stamped(10**9, focal=500.0))
    source.update(camera_info(focal=600.0))
    assert source.camera_for(640, 480, 2 * 10**9).fx == 600.0


def test_a_calibration_without_a_stamp_holds_after_one_of_a_wrong_future():
    source = CameraSource()
    with pytest.raises(CameraError):
        source.update(stamped(10**9, distortion_model="bent", d=[0.1]))
    source.update(stamped(2_000_000_000 * 10**9, focal=500.0))
    with pytest.raises(CameraError):
        source.camera_for(640, 480, 1_790_000_000 * 10**9)
    source.update(camera_info(focal=600.0))
    assert source.camera_for(640, 480, 1_790_000_000 * 10**9).fx == 600.0


def test_calibrations_do_not_pile_up():
    source = CameraSource()
    for number in range(1000):
        source.update(stamped(number, focal=500.0 + number))
    assert len(source._history) <= HISTORY + 1


def test_the_field_of_view_makes_up_for_a_missing_calibration():
    source = CameraSource(horizontal_fov=math.pi / 2)
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


def test_camera_info_without_a_size_is_of_the_images_size():
    source = CameraSource()
    k = [500.0, 0.0, 160.0, 0.0, 500.0, 120.0, 0.0, 0.0, 1.0]
    source.update(CameraInfo(k=k, distortion_model="plumb_bob"))
    camera = source.camera_for(320, 240)
    assert (camera.fx, camera.cx, camera.width, camera.height) == (500, 160, 320, 240)
    assert not source.varies


def test_an_image_of_the_whole_sensor_was_not_cut_to_the_region_of_interest():
    message = camera_info(640, 480, 500.0)
    message.roi.width, message.roi.height = 320, 240
    source = CameraSource()
    source.update(message)
    assert source.camera_for(640, 480).fx == 500.0
    assert source.camera_for(320, 240).fx == 500.0
    assert source.camera_for(160, 120).fx == 250.0

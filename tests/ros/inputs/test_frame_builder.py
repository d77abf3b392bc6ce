"""An image message and what is known of its moment become a frame."""

import os
import sys
from array import array
from types import ModuleType

import cv2
import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_ros.diagnostics.counters import Counters
from humans4d_ros.inputs.camera_info import CameraSource
from humans4d_ros.inputs.depth_images import DepthBuffer
from humans4d_ros.inputs.frame_builder import FrameSource
from humans4d_ros.inputs.node_inputs import Arrival
from humans4d_ros.parameters.parameter_table import NodeParameters
from sensor_msgs.msg import CompressedImage

from humans4d_core.errors import CameraError, ImageError
from humans4d_core.types import Pose

STAMP = 1_700_000_000_000_000_000
IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
SETTINGS = NodeParameters(depth_tolerance=0.02)


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def frame_of(counters):
    """frame_of(message, depth=None) -> Frame."""

    def make(message, depth=None):
        buffer = DepthBuffer() if depth is not None else None
        if depth is not None:
            buffer.put(depth, STAMP)
        source = FrameSource(CameraSource(horizontal_fov=1.0), None, buffer, counters)
        return source.frame(Arrival(message, 0.0), SETTINGS)

    return make


def depth_message(make_image_message, depth_mm: np.ndarray, **changes):
    height, width = depth_mm.shape
    data = array("B", depth_mm.astype("<u2").tobytes())
    changes = {"encoding": "16UC1", "step": 2 * width, "data": data, **changes}
    return make_image_message(np.zeros((height, width, 3), np.uint8), STAMP, **changes)


def test_the_frame_is_the_image_its_stamp_and_its_depth(frame_of, make_image_message, counters):
    depth = np.full((48, 64), 2500)
    frame = frame_of(make_image_message(IMAGE, STAMP), depth_message(make_image_message, depth))
    np.testing.assert_array_equal(frame.image_bgr, IMAGE)
    assert (frame.stamp_ns, frame.frame_id) == (STAMP, "camera_optical_frame")
    np.testing.assert_array_equal(frame.depth_m, np.full((48, 64), 2.5, np.float32))
    assert "images_without_depth" not in counters.report().values


class Transforms:
    """Says what was looked up; each frame is as far away as its name is long."""

    def __init__(self):
        self.asked = []

    def lookup(self, target, source, stamp_ns, timeout):
        self.asked.append((target, source, stamp_ns, timeout))
        return Pose(np.eye(3), np.array([len(target), 0.0, 0.0]))


@pytest.mark.parametrize(
    ("target", "ground", "asked", "fixed_x", "ground_x"),
    [
        ("", "", [], None, None),
        ("odom", "", ["odom"], 4, None),
        ("", "floor", ["floor"], None, 5),
        ("odom", "floor", ["odom", "floor"], 4, 5),
        ("odom", "odom", ["odom"], 4, 4),
    ],
)
def test_the_camera_is_looked_up_at_the_images_stamp(
    make_image_message, counters, target, ground, asked, fixed_x, ground_x
):
    transforms = Transforms()
    source = FrameSource(CameraSource(horizontal_fov=1.0), transforms, None, counters)
    settings = NodeParameters(target_frame=target, ground_frame=ground, tf_timeout=0.25)
    frame = source.frame(Arrival(make_image_message(IMAGE, STAMP), 0.0), settings)
    poses = (frame.fixed_from_camera, frame.ground_from_camera)
    assert [pose and pose.translation[0] for pose in poses] == [fixed_x, ground_x]
    expected = [(name, "camera_optical_frame", STAMP, 0.25) for name in asked]
    assert transforms.asked == expected


@pytest.mark.parametrize(
    ("shape", "changes", "told"),
    [
        ((24, 32), {}, "depth is 32x24 but the image is 64x48"),
        ((48, 64), {"encoding": "bgr8"}, "depth encoding 'bgr8'"),
        ((48, 64), {"step": 5}, "5 bytes a row"),
    ],
)
def test_depth_that_cannot_be_used_is_counted_and_the_image_is_used_without(
    frame_of, make_image_message, counters, shape, changes, told
):
    depth = depth_message(make_image_message, np.ones(shape), **changes)
    assert frame_of(make_image_message(IMAGE, STAMP), depth).depth_m is None
    values = counters.report().values
    assert (values["depth_refused"], values["images_without_depth"]) == ("1", "1")
    assert told in values["last_error"]


def test_a_rare_encoding_says_which_are_known_where_there_is_no_cv_bridge(
    frame_of, make_image_message, monkeypatch
):
    monkeypatch.setitem(sys.modules, "cv_bridge", None)
    with pytest.raises(ImageError, match="encoding 'nv21' is not one of bgr8.*cv_bridge"):
        frame_of(make_image_message(IMAGE, STAMP, encoding="nv21"))


def test_a_rare_encoding_is_left_to_cv_bridge_where_it_is_installed(
    frame_of, make_image_message, monkeypatch
):
    class CvBridgeError(TypeError):
        pass

    class CvBridge:
        def imgmsg_to_cv2(self, message, desired_encoding="passthrough"):
            assert desired_encoding == "bgr8"
            if message.encoding != "nv21":
                raise CvBridgeError(f"[{message.encoding}] is not a color format")
            return IMAGE[:, ::-1]

    module = ModuleType("cv_bridge")
    module.CvBridge, module.CvBridgeError = CvBridge, CvBridgeError
    monkeypatch.setitem(sys.modules, "cv_bridge", module)
    frame = frame_of(make_image_message(IMAGE, STAMP, encoding="nv21"))
    np.testing.assert_array_equal(frame.image_bgr, IMAGE[:, ::-1])
    with pytest.raises(ImageError, match="encoding 'x1': .x1. is not a color format"):
        frame_of(make_image_message(IMAGE, STAMP, encoding="x1"))


def source_of(counters, **options) -> FrameSource:
    return FrameSource(CameraSource(horizontal_fov=1.0), None, None, counters, **options)


@pytest.mark.parametrize("topic", ["/camera/depth/image_rect_raw", "/aligned_depth_to_color/image"])
def test_depth_is_no_picture(make_image_message, counters, topic):
    source = source_of(counters, image_topic=topic)
    message = depth_message(make_image_message, np.full((48, 64), 2500))
    with pytest.raises(ImageError, match=rf"image on {topic} holds depth only \(16UC1\)"):
        source.frame(Arrival(message, 0.0), SETTINGS)


def test_a_frame_of_a_depth_camera_says_that_16_bits_are_depth(make_image_message, counters):
    message = depth_message(make_image_message, np.full((48, 64), 2500))
    message.header.frame_id = "camera_depth_optical_frame"
    with pytest.raises(ImageError, match="depth only"):
        source_of(counters, image_topic="/camera/image").frame(Arrival(message, 0.0), SETTINGS)


def test_thermal_images_are_scaled_and_that_is_said_once(make_image_message, counters):
    told = []
    source = source_of(counters, image_topic="/thermal/image_raw", tell=told.append)
    heat = np.tile(np.linspace(7200, 8220, 64), (48, 1))
    for second in range(5):
        message = depth_message(make_image_message, heat)
        image = source.frame(Arrival(message, float(second)), SETTINGS).image_bgr
    assert image.min() < 40 and image.max() > 215
    assert len(told) == 1 and "fill 14 of 16 bits" in told[0]


def test_a_mosaic_that_was_compressed_has_its_colours(counters):
    data = array("B", cv2.imencode(".png", np.full((48, 64), 200, np.uint8))[1].tobytes())
    message = CompressedImage(format="bayer_rggb8; png compressed ", data=data)
    frame = source_of(counters).frame(Arrival(message, 0.0), SETTINGS)
    assert frame.image_bgr.shape == (48, 64, 3)
    message.format = "16UC1; png compressed "
    with pytest.raises(ImageError, match="depth only"):
        source_of(counters, image_topic="/depth/image").frame(Arrival(message, 0.0), SETTINGS)


def test_a_camera_that_shows_nothing_is_reported_even_where_the_image_is_refused(
    make_image_message, counters
):
    source = FrameSource(CameraSource(), None, None, counters)  # not calibrated
    black = make_image_message(np.zeros((48, 64, 3), np.uint8), STAMP)
    for tenth in range(50):
        with pytest.raises(CameraError):
            source.frame(Arrival(black, tenth / 10), SETTINGS)
    report = counters.report()
    assert report.looks_wrong == (
        "the image is black (brightness 0 of 255)",
        "the picture has not changed for 5 s",
    )
    assert (report.values["image_brightness"], report.values["image_contrast"]) == ("0", "0")
    assert report.values["image_unchanged_s"] == "4.9"
    counters.activated()
    assert counters.report().looks_wrong == ()

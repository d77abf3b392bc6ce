"""What belongs to an image comes from other nodes: boxes, depth, transforms, CameraInfo."""

import math
import os
import time
from array import array

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from humans4d_core.detection import create_detector
from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera

CAMERA = Camera.from_fov(768, 576, math.radians(50))
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: About as far as people of this size are.
DEPTH_MM = 17_000
HEIGHT = 5.0  #: of the camera over the floor, m


class Companion:
    """The nodes around the camera: each publishes what belongs to an image's stamp."""

    def __init__(self, station, make_image_message):
        from vision_msgs.msg import Detection2DArray

        create = station.node.create_publisher
        self._station = station
        self._make_image_message = make_image_message
        self._depth = create(Image, "/depth", 1)
        self._boxes = create(Detection2DArray, "/boxes", 5)
        self._tf = create(TFMessage, "/tf", 10)
        self._tf_static = create(TFMessage, "/tf_static", LATCHED)
        self._infos = create(CameraInfo, "/camera_info", LATCHED)
        self.stamp_ns = time.time_ns() - 30 * 10**9
        self._stepped = time.monotonic()

    def step(self, seconds: float = 0.1) -> None:
        """The next image's moment; as a camera's, it goes on at least as fast as time."""
        now = time.monotonic()
        self.stamp_ns += int((now - self._stepped + seconds) * 1e9)
        self._stepped = now

    def announce(self) -> None:
        """What is published once, for ever."""
        self._infos.publish(CameraInfo(**camera_info_fields(CAMERA)))
        # The camera's optical frame: x right, y down, z forward.
        self._tf_static.publish(
            transform("base_link", "camera_optical_frame", (0, 0, HEIGHT), (-0.5, 0.5, -0.5, 0.5))
        )

    def drive(self, seconds: float) -> None:
        """base_link in odom, that many seconds from the image's stamp."""
        stamp_ns = self.stamp_ns + int(seconds * 1e9)
        self._tf.publish(transform("odom", "base_link", (100, 0, 0), (0, 0, 0, 1), stamp_ns))

    def show_depth(self, **changes) -> None:
        depth = np.full((CAMERA.height, CAMERA.width), DEPTH_MM, "<u2")
        fields = dict(encoding="16UC1", step=2 * CAMERA.width, data=array("B", depth.tobytes()))
        blank = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
        message = self._make_image_message(blank, self.stamp_ns, **{**fields, **changes})
        self._depth.publish(message)

    def show_boxes(self, boxes_px, class_id="person", score=0.9) -> None:
        from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

        message = Detection2DArray()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(self.stamp_ns, 10**9)
        for x_min, y_min, x_max, y_max in np.asarray(boxes_px, float).tolist():
            detection = Detection2D()
            detection.bbox.center.position.x = (x_min + x_max) / 2
            detection.bbox.center.position.y = (y_min + y_max) / 2
            detection.bbox.size_x, detection.bbox.size_y = x_max - x_min, y_max - y_min
            result = ObjectHypothesisWithPose()
            result.hypothesis.class_id, result.hypothesis.score = class_id, score
            detection.results.append(result)
            message.detections.append(detection)
        self._boxes.publish(message)

    def show_image(self, image_bgr) -> None:
        self._station.images.publish(self._make_image_message(image_bgr, self.stamp_ns))


def transform(parent, child, translation, quaternion, stamp_ns=0):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    move, turn = message.transform.translation, message.transform.rotation
    move.x, move.y, move.z = map(float, translation)
    turn.x, turn.y, turn.z, turn.w = map(float, quaternion)
    return TFMessage(transforms=[message])


@pytest.fixture(scope="module")
def companion(underlay, station, make_image_message):
    companion = Companion(station, make_image_message)
    companion.announce()
    return companion


@pytest.fixture(scope="module")
def node(start_node, underlay, companion):
    node = start_node(
        underlay,
        detector="topic",
        use_depth="true",
        target_frame="odom",
        tf_timeout=2.0,
        boxes_timeout=0.5,
    )
    node.wait_until_it_says("active: listening")
    assert "/boxes, /depth, /camera_info" in node.output
    return node


@pytest.fixture(scope="module")
def boxes_px(video_frames) -> np.ndarray:
    """(N, 4) of the people in the first image."""
    return create_detector("movenet", 1).detect(video_frames[0]).boxes_px


@pytest.fixture
def answer(node, companion, station):
    """answer(publish) -> the people of the image that `publish()` shows at the next stamp."""

    def ask(publish):
        def publish_next():  # a stamp whose boxes did not come is over
            companion.step()
            publish()
            return companion.stamp_ns

        return station.answer(publish_next)

    return ask


def complete(companion, image, boxes_px) -> None:
    companion.drive(-0.02)
    companion.drive(+0.02)
    companion.show_depth()
    companion.show_image(image)
    companion.show_boxes(boxes_px)


def test_boxes_of_another_node_make_the_people(answer, companion, video_frames, boxes_px, station):
    """With a CameraInfo that was published once, before the node was there."""
    assert len(boxes_px) >= 2

    def is_settled(message) -> bool:
        """In odom x is forward, y left, z up; the camera looks along x at a wall of depth."""
        places = [mesh.pose.pose.position.x for mesh in message.people]
        return bool(places) and np.allclose(places, 100 + DEPTH_MM / 1000, atol=0.7)

    for _ in range(30):
        message = answer(lambda: complete(companion, video_frames[0], boxes_px))
        if is_settled(message):
            break
    assert is_settled(message)
    assert message.detector == "topic"
    assert message.header.frame_id == "odom"
    assert 1 <= len(message.people) <= len(boxes_px)
    centers = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2
    for mesh in message.people:
        middle = np.array([mesh.box_x_min + mesh.box_x_max, mesh.box_y_min + mesh.box_y_max]) / 2
        assert np.linalg.norm(centers - middle, axis=1).min() < 20
        position = mesh.pose.pose.position
        assert np.sign(position.y) == np.sign(CAMERA.cx - middle[0])
        assert np.sign(position.z - HEIGHT) == np.sign(CAMERA.cy - middle[1])


def test_an_empty_list_of_boxes_is_nobody(answer, companion, video_frames):
    companion.step(60)
    for _ in range(2):
        message = answer(lambda: complete(companion, video_frames[0], []))
    assert list(message.people) == []


def test_a_transform_that_is_late_is_waited_for(answer, companion, video_frames, boxes_px):
    def late():
        companion.show_depth()
        companion.drive(-0.02)
        companion.show_image(video_frames[0])
        companion.show_boxes(boxes_px)
        time.sleep(0.3)  # this is how late
        companion.drive(+0.02)

    assert answer(late).header.frame_id == "odom"


def test_an_image_whose_transform_does_not_come_is_refused(companion, station, video_frames, node):
    before = int(station.diagnostics().get("images_refused_transform", 0))
    companion.step(0.5)
    companion.show_image(video_frames[0])
    companion.show_boxes([])
    report = station.wait_for_diagnostics(
        lambda report: int(report.get("images_refused_transform", 0)) > before, "the refusal"
    )
    assert "newest transform from 'base_link' to 'odom' is" in report["last_error"]
    assert "older than the image, waited 2 s" in report["last_error"]
    assert "no transform from 'camera_optical_frame' to 'odom'" in node.output


def test_images_without_boxes_are_refused(companion, station, video_frames):
    before = int(station.diagnostics().get("images_refused_boxes", 0))

    def refused():
        companion.step()
        companion.show_image(video_frames[0])
        report = station.diagnostics()
        return int(report.get("images_refused_boxes", 0)) > before and report

    report = station.wait_for(refused, "a refusal")
    assert "no boxes came within 0.5 s" in report["last_error"]


@pytest.mark.parametrize(
    ("kind", "publish", "told"),
    [
        ("boxes", lambda c: c.show_boxes([(1, 2, 3, 4)], score=7.0), "score 7: give 0 to 1"),
        ("transform", lambda c: c._tf.publish(
            transform("odom", "base_link", (0, 0, 0), (0, 0, 0, 0))), "quaternion of length 0"),
        ("camera_info", lambda c: c._infos.publish(
            CameraInfo(**{**camera_info_fields(CAMERA), "k": np.zeros(9)})), "not calibrated"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_counted(node, companion, station, kind, publish, told):
    before = int(station.diagnostics().get(f"{kind}_refused", 0))

    def refused():
        publish(companion)
        report = station.diagnostics()
        return int(report.get(f"{kind}_refused", 0)) > before and told in report["last_error"]

    station.wait_for(refused, "the refusal")
    companion.announce()


def test_depth_of_another_size_is_counted_and_the_image_used_without(
    answer, companion, video_frames, station
):
    before = int(station.diagnostics().get("depth_refused", 0))

    def with_bad_depth():
        companion.announce()
        companion.drive(-0.02)
        companion.drive(+0.02)
        companion.show_depth(width=200, height=100)
        companion.show_image(video_frames[0])
        companion.show_boxes([])

    for _ in range(5):  # the depth may get lost
        answer(with_bad_depth)
    report = station.wait_for_diagnostics(
        lambda report: int(report.get("depth_refused", 0)) > before, "the refusal"
    )
    assert "depth is 200x100 but the image is 768x576" in report["last_error"]
    assert int(report["images_without_depth"]) >= 1


def test_without_vision_msgs_the_start_fails_and_says_what_to_install(start_node):
    node = start_node(detector="topic")
    assert node.wait() == 1
    assert "cannot configure: detector 'topic' needs the package vision_msgs" in node.output
    assert "Traceback" not in node.output

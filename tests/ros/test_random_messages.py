"""Whatever comes on whichever topic: the node lives, and what was bad was counted.

The messages go straight to the node's callbacks, so that none is lost on the way and each can be
accounted for.
"""

import os
import time
from array import array

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from random_messages import (
    PIXELS,
    depths,
    doubles,
    encoded,
    filled,
    frames,
    headed,
    images,
    infos,
    texts,
    transforms,
)
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from humans4d_core.config import RecoveryConfig
from humans4d_core.io import camera_info_fields
from humans4d_core.pipeline import Pipeline
from humans4d_core.recovery import create_recovery
from humans4d_core.tracking import Tracker
from humans4d_core.types import Camera, Detections

COUNT = 500
many = settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class AnyDetector:
    name, start_score = "none", 0.5

    def detect(self, image_bgr) -> Detections:
        return Detections.empty()


@pytest.fixture
def node(run_node_here, request):
    """With a real recovery and tracker."""
    pipeline = Pipeline(AnyDetector(), create_recovery(RecoveryConfig("landmarks"), 1), Tracker())
    return run_node_here(pipeline, **getattr(request, "param", {}))


class Account:
    """What the node's counters say happened since the last time."""

    def __init__(self, node):
        self._node = node
        self._counters = node._counters
        self._before = self._values()
        self.refused: dict[str, int] = {}

    def _values(self) -> dict[str, int]:
        values = self._counters.report().values
        return {key: int(v) for key, v in values.items() if v.isdigit()}

    def settle(self) -> dict[str, int]:
        """Wait until each image that came was processed, dropped or refused; the differences.

        The next image may have any stamp, as the first one: it is not late.
        """
        deadline = time.monotonic() + 30
        while True:
            now = self._values()
            changes = {key: now[key] - self._before.get(key, 0) for key in now}
            left = changes["images_received"] - sum(
                changes[f"images_{end}"] for end in ("processed", "refused", "dropped", "skipped")
            )
            if not left:
                break
            assert time.monotonic() < deadline, changes
            time.sleep(0.001)
        # Each refusal was foreseen: none is a mistake of ours.
        assert not changes.get("images_refused_internal"), self._counters.report().values
        self._before = now
        self._node._inputs.order.reset()
        if self._node._inputs._pairing is not None:
            self._node._inputs._pairing.clear()
        self._node._pipeline.stamps.reset()
        return changes


@pytest.mark.parametrize("node", [{"horizontal_fov": 1.0}], indirect=True)
def test_images(node):
    account, seen = Account(node), []

    @many
    @given(images)
    def check(message):
        node._inputs._receive(message)
        changes = account.settle()
        assert changes["images_received"] == 1
        assert changes["images_processed"] + changes["images_refused"] == 1
        seen.append(changes["images_processed"])

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen)


@pytest.mark.parametrize(
    "node", [{"horizontal_fov": 1.0, "image_transport": "compressed"}], indirect=True
)
def test_compressed_images(node):
    account, seen = Account(node), []

    @many
    @given(headed(encoded()))
    def check(message):
        node._inputs._receive(message)
        changes = account.settle()
        assert changes["images_processed"] + changes["images_refused"] == 1
        seen.append(changes["images_processed"])

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen)


def test_camera_infos(node):
    account, seen = Account(node), []
    image = Image(width=64, height=48, encoding="bgr8", step=192, data=array("B", PIXELS.tobytes()))

    @many
    @given(headed(infos()))
    def check(message):
        node._inputs._calibrate(message)
        image.header.stamp = message.header.stamp
        node._inputs._receive(image)
        changes = account.settle()
        seen.append(changes.get("camera_info_refused", 0))
        # What was refused is not used: no image is processed with it.
        if seen[-1]:
            assert changes["images_processed"] == 0 or message.header.stamp.sec < 0
        assert changes["images_processed"] + changes["images_refused"] == 1

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen)


@pytest.mark.parametrize(
    "node", [{"horizontal_fov": 1.0, "target_frame": "odom", "tf_timeout": 0.0}], indirect=True
)
def test_transforms(node):
    account, seen = Account(node), []
    image = Image(width=64, height=48, encoding="bgr8", step=192, data=array("B", PIXELS.tobytes()))

    @many
    @given(st.lists(transforms(), max_size=4), st.booleans(), frames)
    def check(messages, is_static, frame_id):
        data = serialize_message(TFMessage(transforms=messages))
        node._inputs.transforms._insert(data, is_static)
        filled(image, (1005, 0), frame_id)
        node._inputs._receive(image)
        changes = account.settle()
        assert 0 <= changes.get("transform_refused", 0) <= len(messages)
        impossible = [
            m for m in messages
            if not np.isfinite(m.transform.translation.x) or not m.child_frame_id.strip("/")
        ]  # fmt: skip
        assert changes.get("transform_refused", 0) >= len(impossible)
        assert changes["images_processed"] + changes["images_refused"] == 1
        seen.append(changes["images_processed"])

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen)


@pytest.mark.parametrize(
    "node", [{"horizontal_fov": 1.0, "use_depth": True, "depth_tolerance": 1.0}], indirect=True
)
def test_depth_images(node):
    account, seen = Account(node), []
    image = Image(width=20, height=20, encoding="bgr8", step=60, data=array("B", bytes(1200)))

    @many
    @given(depths)
    def check(message):
        node._inputs._receive_depth(message)
        image.header.stamp.sec = 1005
        node._inputs._receive(image)
        changes = account.settle()
        # The image is good without.
        assert changes["images_processed"] == 1
        seen.append(changes.get("depth_refused", 0))

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen)


@pytest.mark.parametrize(
    "node",
    [{"horizontal_fov": 1.0, "detector": "topic", "boxes_class": ""}],
    indirect=True,
)
def test_boxes(underlay, node):
    from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

    plausible = st.one_of(st.floats(-20, 90), st.floats(1, 40))

    @st.composite
    def detections(draw):
        message = Detection2DArray()
        for _ in range(draw(st.integers(0, 2))):
            detection = Detection2D()
            box, numbers = detection.bbox, draw(st.sampled_from([plausible, doubles]))
            box.center.position.x, box.center.position.y = draw(numbers), draw(numbers)
            box.size_x, box.size_y, box.center.theta = draw(numbers), draw(numbers), draw(numbers)
            for _ in range(draw(st.integers(0, 2))):
                result = ObjectHypothesisWithPose()
                result.hypothesis.class_id = draw(texts)
                result.hypothesis.score = draw(st.one_of(st.floats(0, 1), doubles))
                detection.results.append(result)
            message.detections.append(detection)
        return message

    account, seen, people = Account(node), [], []
    image = Image(width=64, height=48, encoding="bgr8", step=192, data=array("B", PIXELS.tobytes()))

    @many
    @given(headed(detections()), st.booleans())
    def check(message, image_is_first):
        image.header.stamp = message.header.stamp
        steps = [(node._inputs._receive, image), (node._inputs._receive_boxes, message)]
        for receive, argument in steps if image_is_first else reversed(steps):
            receive(argument)
        changes = account.settle()
        refused = changes.get("boxes_refused", 0)
        # Each pair went on, or the image waits for boxes that were refused.
        assert changes["images_processed"] + refused + changes["images_refused"] >= 1
        seen.append(refused)
        people.append(len(message.detections) and not refused)

    check()
    assert len(seen) >= COUNT and 0 < sum(seen) < len(seen) and any(people)


@pytest.mark.slow
def test_all_of_it_over_the_network(start_node, station, make_image_message):
    """To a process of its own, mixed and as fast as it comes; then it works as ever."""
    node = start_node(use_depth="true", target_frame="odom", tf_timeout=0.0, recovery="landmarks")
    node.wait_until_it_says("active: listening")
    create = station.node.create_publisher
    outlets = {
        "image": station.images,
        "info": station.infos,
        "depth": create(Image, "/depth", 1),
        "tf": create(TFMessage, "/tf", 100),
        "tf_static": create(TFMessage, "/tf_static", 100),
    }
    moves = st.lists(transforms(), max_size=3).map(lambda moves: TFMessage(transforms=moves))
    messages = st.one_of(
        st.tuples(st.just("image"), images),
        st.tuples(st.just("info"), headed(infos())),
        st.tuples(st.just("depth"), depths),
        st.tuples(st.just("tf"), moves),
        st.tuples(st.just("tf_static"), moves),
    )
    station.wait_for(
        lambda: all(outlets[name].get_subscription_count() for name in ("image", "tf", "depth")),
        "the node's subscriptions",
    )

    @many
    @given(st.lists(messages, min_size=2, max_size=6))
    def send(some):
        for name, message in some:
            outlets[name].publish(message)

    send()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    mount = TransformStamped(child_frame_id="camera_optical_frame")
    mount.header.frame_id = "odom"
    create(TFMessage, "/tf_static", latched).publish(TFMessage(transforms=[mount]))
    info = CameraInfo(**camera_info_fields(Camera.from_fov(64, 48, 0.7)))
    heard = station.received["/humans4d/people"]
    good = []

    def is_answered():
        # Of now: images without a stamp that still wait take the time when they are taken.
        image = make_image_message(PIXELS, time.time_ns())
        good.append(image.header.stamp)
        station.infos.publish(info)
        station.images.publish(image)
        return any(m.header.stamp in good and m.header.frame_id == "odom" for m in heard)

    try:
        station.wait_for(is_answered, "people of a good image")
    except AssertionError as error:
        raise AssertionError(f"{error}: {station.diagnostics()}") from None
    report = station.diagnostics()
    assert int(report["images_refused"]) > 0
    assert "images_refused_internal" not in report
    assert "Traceback" not in node.output
    assert node.stop() == 0

"""The publishers of a node: in one frame, and only what somebody listens to."""

import contextlib
import gc
import os
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

import rclpy
from humans4d_msgs.msg import PeopleForecast, TrackedPeople
from humans4d_ros.outputs import node_outputs as outputs_module
from humans4d_ros.outputs.node_outputs import Outputs
from humans4d_ros.parameters.parameter_table import NodeParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import Image, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.pipeline import Result
from humans4d_core.types import Detections, Forecast, Pose

TOPICS = {
    "/tf": TFMessage,
    "/humans4d/people": TrackedPeople,
    "/humans4d/forecasts": PeopleForecast,
    "/humans4d/markers": MarkerArray,
    "/humans4d/mesh_markers": MarkerArray,
    "/humans4d/surface": PointCloud2,
    "/humans4d/overlay": Image,
}
#: What makes the message of each topic.
MAKERS = {
    "/tf": "transforms",
    "/humans4d/people": "people_to_message",
    "/humans4d/forecasts": "forecast_to_message",
    "/humans4d/markers": "SkeletonMarkers.update",
    "/humans4d/mesh_markers": "MeshMarkers.update",
    "/humans4d/surface": "surface_cloud",
    "/humans4d/overlay": "draw_overlay",
}
POSE = Pose(Rotation.random(random_state=3).as_matrix(), [10, -5, 2])


class Tracker:
    """Everybody walks on at a metre a second along the camera's x."""

    def __init__(self, people):
        self._people = people

    def forecast(self, seconds) -> Forecast:
        steps = np.multiply.outer(seconds, [1.0, 0, 0])
        positions = self._people.bodies.pelvis_cam[:, None] + steps
        covariances = self._people.position_covariance_cam[:, None].repeat(len(seconds), 1)
        return Forecast(positions.astype(np.float32), covariances)


class Rig:
    """An active lifecycle node with Outputs, and a listener in the same process."""

    def __init__(self, people, settings: NodeParameters, namespace: str = ""):
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.people = people
        self.node = LifecycleNode("humans4d", context=self._context, namespace=namespace)
        self.listener = rclpy.create_node("listener", context=self._context)
        faces = np.array([[0, 1, 2], [2, 1, 3]], np.int32)
        pipeline = SimpleNamespace(
            recovery=SimpleNamespace(body=SimpleNamespace(faces=faces)),
            detector=SimpleNamespace(name="movenet"),
            tracker=Tracker(people),
        )
        self.node.trigger_configure()
        self.outputs = Outputs(self.node, pipeline, settings)
        self.node.trigger_activate()
        self.received = {}
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.listener)

    def listen(self, *topics) -> None:
        """Once the publishers know of it."""
        for topic in topics:
            self.received[topic] = []
            keep = self.received[topic].append
            subscription = self.listener.create_subscription(TOPICS[topic], topic, keep, 10)
            publisher = next(p for p in self.node.publishers if p.topic_name == topic)
            for _ in range(300):
                if publisher.get_subscription_count():
                    break
                self._executor.spin_once(timeout_sec=0.1)
            assert publisher.get_subscription_count(), topic
            assert subscription

    def publish(self, frame) -> None:
        self.outputs.publish(frame, Result(self.people, Detections.empty(), {}), 0.0)

    def spin_until_received(self, count: int = 1) -> None:
        self.spin_until(lambda: all(len(m) >= count for m in self.received.values()))

    def spin_until(self, is_done) -> None:
        for _ in range(300):
            if is_done():
                return
            self._executor.spin_once(timeout_sec=0.1)
        raise AssertionError({topic: len(messages) for topic, messages in self.received.items()})

    def close(self) -> None:
        self._executor.shutdown()
        self.outputs.destroy()
        self.node.destroy_node()
        self.listener.destroy_node()
        # A lifecycle node stays in the ROS graph, for later tests to find, until nobody knows it.
        self.node = self.outputs = None
        gc.collect()
        self._context.try_shutdown()


@pytest.fixture
def make_rig():
    with contextlib.ExitStack() as stack:

        def make(people, namespace: str = "", **settings) -> Rig:
            rig = Rig(people, NodeParameters(**settings), namespace)
            stack.callback(rig.close)
            return rig

        yield make


@pytest.fixture
def moving(frame):
    """A frame whose camera is known to be somewhere in odom."""
    return replace(frame, fixed_from_camera=POSE)


@pytest.fixture
def made():
    """made() -> topics whose message has been made so far."""
    with contextlib.ExitStack() as stack:
        makers = {}
        for topic, name in MAKERS.items():
            owner = outputs_module
            for part in name.split(".")[:-1]:
                owner = getattr(owner, part)
            name = name.split(".")[-1]
            makers[topic] = stack.enter_context(
                mock.patch.object(owner, name, autospec=True, side_effect=getattr(owner, name))
            )
        yield lambda: {topic for topic, maker in makers.items() if maker.called}


def test_without_listeners_nothing_is_made(make_rig, make_people, moving, made):
    rig = make_rig(make_people(2), target_frame="odom")
    with mock.patch("humans4d_ros.outputs.scene.people_in_coordinate_frame") as moved:
        rig.publish(moving)
        assert made() == set()
        assert not moved.called


@pytest.mark.parametrize(
    ("namespace", "given", "frame_id"),
    [
        ("", "", "body_1"),
        ("left", "", "body_left_1"),
        ("robot/left", "", "body_robot_left_1"),
        ("left", "mine_", "body_mine_1"),
        ("", "mine_", "body_mine_1"),
    ],
)
def test_frames_of_several_cameras_have_names_of_their_own(
    make_rig, make_people, frame, namespace, given, frame_id
):
    rig = make_rig(make_people(1), namespace, tf_id_prefix=given)
    rig.listen("/tf")
    rig.publish(frame)
    rig.spin_until_received()
    assert [t.child_frame_id for t in rig.received["/tf"][0].transforms] == [frame_id]


@pytest.mark.parametrize("topic", TOPICS)
def test_with_one_listener_only_its_message_is_made(make_rig, make_people, frame, made, topic):
    rig = make_rig(make_people(2))
    rig.listen(topic)
    rig.publish(frame)
    rig.spin_until_received()
    assert made() == {topic}


@pytest.mark.parametrize("privacy", ["none", "no_image"])
def test_the_overlay_shows_the_image_only_where_it_may(make_rig, make_people, frame, privacy):
    rig = make_rig(make_people(0), privacy=privacy)
    rig.listen("/humans4d/overlay")
    frame.image_bgr[:] = 77
    rig.publish(frame)
    rig.spin_until_received()
    (overlay,) = rig.received["/humans4d/overlay"]
    assert set(overlay.data) == {77 if privacy == "none" else 0}


@pytest.mark.parametrize("target_frame", ["", "odom"])
def test_every_output_names_the_same_frame_and_stamp(make_rig, make_people, moving, target_frame):
    rig = make_rig(make_people(3), target_frame=target_frame)
    topics = [topic for topic in TOPICS if topic != "/humans4d/overlay"]
    rig.listen(*topics)
    rig.publish(moving)
    rig.spin_until_received()
    headers = []
    for topic in topics:
        message = rig.received[topic][0]
        parts = getattr(message, "markers", getattr(message, "transforms", [message]))
        headers += [part.header for part in parts]
    assert {header.frame_id for header in headers} == {target_frame or "camera_optical_frame"}
    stamps = {header.stamp.sec * 10**9 + header.stamp.nanosec for header in headers}
    assert stamps == {moving.stamp_ns}


def test_people_forecasts_and_transforms_meet_in_the_target_frame(make_rig, make_people, moving):
    people = make_people(3)
    rig = make_rig(people, target_frame="odom", forecast_horizon=1.0, forecast_step=0.5)
    topics = "/humans4d/people", "/humans4d/forecasts", "/tf"
    rig.listen(*topics)
    rig.publish(moving)
    rig.spin_until_received()
    told, forecast, tf = (rig.received[topic][0] for topic in topics)
    pelvis = POSE.apply(people.bodies.pelvis_cam)
    back = message_to_people(told)
    np.testing.assert_allclose(back.bodies.pelvis_cam, pelvis, atol=1e-5)
    velocity = people.velocity_cam @ POSE.rotation.T
    np.testing.assert_allclose(back.velocity_cam, velocity, atol=1e-5)
    assert list(forecast.seconds) == [0.5, 1.0]
    for person, start in zip(forecast.people, pelvis, strict=True):
        ahead = np.reshape(person.positions, (2, 3)) - start
        expected = np.array([[0.5], [1.0]]) * POSE.rotation[:, 0]
        np.testing.assert_allclose(ahead, expected, atol=1e-5)
    moves = [transform.transform.translation for transform in tf.transforms]
    np.testing.assert_allclose([(m.x, m.y, m.z) for m in moves], pelvis, atol=1e-5)


def test_an_image_whose_camera_is_nowhere_is_not_published(make_rig, make_people, frame):
    rig = make_rig(make_people(1), target_frame="odom")
    with pytest.raises(ValueError, match="pose in 'odom' is not known"):
        rig.publish(frame)


def test_what_is_published_changes_between_two_images(make_rig, make_people, frame):
    rig = make_rig(make_people(1))
    rig.listen("/tf", "/humans4d/people")
    rig.publish(frame)
    rig.spin_until_received()
    rig.outputs.settings = NodeParameters(publish_joint_tf=True, publish_vertices=False)
    rig.publish(replace(frame, stamp_ns=frame.stamp_ns + 1))
    rig.spin_until_received(2)
    assert [len(message.transforms) for message in rig.received["/tf"]] == [1, 25]
    first, second = (message.people[0].vertices for message in rig.received["/humans4d/people"])
    assert len(first) and not len(second)
    rig.outputs.settings = NodeParameters(publish_tf=False)
    assert not rig.outputs.has_tf


def test_an_image_that_comes_twice_gives_its_transforms_once(make_rig, make_people, frame):
    rig = make_rig(make_people(1))
    rig.listen("/tf", "/humans4d/people")
    for stamp_ns in (1, 1, 2):
        rig.publish(replace(frame, stamp_ns=stamp_ns))
    people, tf = rig.received["/humans4d/people"], rig.received["/tf"]
    rig.spin_until(lambda: len(people) == 3 and len(tf) >= 2)
    assert [message.transforms[0].header.stamp.nanosec for message in tf] == [1, 2]


def test_at_the_end_displays_are_cleared(make_rig, make_people, frame):
    rig = make_rig(make_people(1))
    topics = "/humans4d/markers", "/humans4d/mesh_markers", "/humans4d/surface"
    rig.listen(*topics)
    rig.publish(frame)
    rig.outputs.clear_displays()
    rig.spin_until_received(2)
    for topic in topics[:2]:
        assert [m.action for m in rig.received[topic][1].markers] == [Marker.DELETEALL]
    shown, cleared = rig.received["/humans4d/surface"]
    assert shown.width and not cleared.width
    assert cleared.header == shown.header

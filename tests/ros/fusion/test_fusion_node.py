"""People of several nodes as one list, through DDS and TF, in a process of its own."""

import os
import threading
from functools import partial

import numpy as np
import pytest
from placed_people import free_body, placed_people
from waiting import wait_for

from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.types import Pose, TrackState

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from rclpy.qos import DurabilityPolicy, QoSProfile
from scipy.spatial.transform import Rotation

#: Cameras in odom: one looks along x, the other along y, both from 4 m away.
LOOKS = {"front": ((-4.0, 0, 1), (1.0, 0, 0)), "left": ((0.0, -4, 1), (0.0, 1, 0))}
WALK = np.array([[0.0, 0, 1], [1.5, 1.0, 1]])


def optical(place, ahead) -> Pose:
    """Pose in odom of a level camera."""
    ahead = np.asarray(ahead, float)
    right = np.cross(ahead, [0, 0, 1])
    return Pose(np.stack((right, np.cross(ahead, right), ahead), 1), np.asarray(place, float))


POSES = {name: optical(*look) for name, look in LOOKS.items()}


@pytest.fixture
def fusion(start_node):
    """fusion(**parameters) -> NodeProcess that fuses `front` and `left`; killed after the test."""
    started = []

    def start(**parameters):
        patient = {"silent": 20.0, "remember": 20.0}  # a busy machine is no fault
        given = {"cameras": ["front", "left"], "target_frame": "odom", **patient, **parameters}
        started.append(start_node(program="fusion", **given))
        return started[-1]

    yield start
    for node in started:
        node.kill()


class Cameras:
    """What two cameras' nodes publish, and the robot's transforms."""

    def __init__(self, station):
        from geometry_msgs.msg import TransformStamped
        from humans4d_msgs.msg import TrackedPeople
        from tf2_msgs.msg import TFMessage

        self.node = station.node
        self.people = {
            name: self.node.create_publisher(TrackedPeople, f"/{name}/humans4d/people", 10)
            for name in LOOKS
        }
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._static = self.node.create_publisher(TFMessage, "/tf_static", latched)
        message = TFMessage()
        for name, pose in POSES.items():
            transform = TransformStamped()
            transform.header.frame_id, transform.child_frame_id = "odom", f"{name}_optical_frame"
            turn, place = transform.transform.rotation, transform.transform.translation
            turn.x, turn.y, turn.z, turn.w = Rotation.from_matrix(pose.rotation).as_quat()
            place.x, place.y, place.z = pose.translation
            message.transforms.append(transform)
        self._static.publish(message)

    def show(self, name, places, stamp_ns, frame=None, **more):
        """People at places in odom, as the camera's node tells of them."""
        from humans4d_ros.outputs.people_messages import people_to_message

        depth = np.diag([0.01, 0.01, 0.09])  # in the camera's axes
        turned = POSES[name].rotation @ depth @ POSES[name].rotation.T
        people = placed_people(places, covariances=np.tile(turned, (len(places), 1, 1)), **more)
        people = people_in_coordinate_frame(people, POSES[name].inverse())
        self.people[name].publish(
            people_to_message(
                people, stamp_ns=stamp_ns, frame_id=frame or f"{name}_optical_frame",
                image_size=(640, 480),
            )
        )  # fmt: skip

    def close(self):
        for publisher in (*self.people.values(), self._static):
            self.node.destroy_publisher(publisher)


@pytest.fixture
def cameras(station):
    cameras = Cameras(station)
    yield cameras
    cameras.close()


@pytest.fixture
def lists(station):
    from humans4d_msgs.msg import TrackedPeople

    topic = "/humans4d_fusion/people"
    if topic not in station.received:
        station.listen(TrackedPeople, topic, 100)
    station.received[topic].clear()
    station.received["/diagnostics"].clear()
    return station.received[topic]


def now_ns(station):
    return station.node.get_clock().now().nanoseconds


def told(station, word):
    """Messages of the fusion's status that have the word."""
    return [
        status.message
        for message in list(station.received["/diagnostics"])
        for status in message.status
        if status.name.startswith("humans4d_fusion") and word in status.message
    ]


def sees_both(lists):
    """Whether the last of several lists has both people."""
    return len(lists) > 5 and len(lists[-1].people) == 2


def until(what, show):
    """Shows people ten times a second until `what()`."""
    stop = threading.Event()

    def go_on():
        while not stop.wait(0.1):
            show()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        wait_for(what, 60)
    finally:
        stop.set()
        thread.join()


def show_both(cameras, station, places=WALK, **more):
    stamp_ns = now_ns(station)
    for name in LOOKS:
        cameras.show(name, places, stamp_ns, **more)


def test_people_whom_two_cameras_see_are_told_once_in_the_common_frame(
    station, fusion, cameras, lists
):
    from humans4d_msgs.msg import BodyModel

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    station.listen(BodyModel, "/humans4d_fusion/body_model", latched)
    node = fusion()
    until(lambda: len(lists) > 20 and sees_both(lists), partial(show_both, cameras, station))
    last = lists[-1]
    assert last.header.frame_id == "odom" and len(last.people) == 2
    found = np.array([[getattr(p.pose.pose.position, a) for a in "xyz"] for p in last.people])
    order = np.argsort(found[:, 0])
    np.testing.assert_allclose(found[order], WALK, atol=0.01)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in lists]
    assert stamps == sorted(set(stamps))
    assert {p.track_id for m in list(lists)[5:] for p in m.people} == {1, 2}
    mesh = last.people[0]
    assert len(mesh.vertices) == 3 * free_body().num_vertices and np.isnan(mesh.box_x_min)
    assert 0 < last.node_seconds < 1 and 0 <= last.latency_seconds < 10
    wait_for(lambda: station.received["/humans4d_fusion/body_model"])
    wait_for(lambda: told(station, "working"))
    assert node.stop() == 0, node.output
    assert "Traceback" not in node.output


def test_a_person_keeps_the_id_from_one_camera_into_the_other(station, fusion, cameras, lists):
    fusion(publish_vertices=False, remember=2.0)
    x, stamp_ns = [-2.0], [now_ns(station)]

    def walk(step=0.08):
        """By stamps of its own: a tenth of a second each."""
        stamp_ns[0] += 10**8
        x[0] = min(x[0] + step, 2.0)
        place, speed = [[x[0], 0, 1]], [[10 * step, 0, 0]]
        for name, is_seen in (("front", x[0] < 0.1), ("left", x[0] > -0.1)):
            cameras.show(
                name, place if is_seen else [], stamp_ns[0], velocities=speed[: int(is_seen)]
            )

    until(lambda: len(lists) > 3, partial(walk, 0.0))
    until(lambda: x[0] == 2.0, walk)
    people = [p for m in list(lists) for p in m.people]
    assert {p.track_id for p in people if p.state == TrackState.CONFIRMED} == {1}
    assert max(p.pose.pose.position.x for p in people) > 1.5
    assert not people[-1].vertices


def test_a_camera_without_transform_is_told_and_the_other_goes_on(station, fusion, cameras, lists):
    fusion(tf_timeout=0.05)

    def show():
        stamp_ns = now_ns(station)
        cameras.show("front", WALK, stamp_ns)
        cameras.show("left", WALK, stamp_ns, frame="nowhere_optical_frame")

    until(lambda: sees_both(lists) and told(station, "nowhere_optical_frame"), show)
    assert any("left: " in text for text in told(station, "nowhere_optical_frame"))


def test_stamps_of_another_clock_and_silence_are_told(station, fusion, cameras, lists):
    fusion(silent=1.0)

    def show():
        stamp_ns = now_ns(station)
        cameras.show("front", WALK, stamp_ns)
        cameras.show("left", WALK, stamp_ns - 3600 * 10**9)

    until(lambda: sees_both(lists) and told(station, "left: stamps are of another clock"), show)
    until(
        lambda: told(station, "left: no message for"),
        lambda: cameras.show("front", WALK, now_ns(station)),
    )


def test_cameras_that_disagree_are_told_by_how_much(station, fusion, cameras, lists):
    fusion()

    def show():
        stamp_ns = now_ns(station)
        cameras.show("front", WALK, stamp_ns)
        cameras.show("left", WALK + (0, 0.4, 0), stamp_ns)  # along the camera's ray

    until(lambda: told(station, "front and left differ by 0.4"), show)


def test_a_flood_of_one_camera_stops_nobody(station, fusion, cameras, lists):
    fusion()

    def show():
        stamp_ns = now_ns(station)
        cameras.show("front", WALK, stamp_ns)
        for number in range(60):
            cameras.show("left", WALK[:1], stamp_ns + number)

    until(lambda: told(station, "left: ") and sees_both(lists), show)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"cameras": [""]}, "cameras is empty"),
        ({"cameras": ["front", "/front/"]}, "cameras names 'front' twice"),
        ({"cameras": ["fr ont"]}, "no name in ROS"),
        ({"target_frame": "/"}, "target_frame is empty"),
        ({"window": -1.0}, "window"),
        ({"window": "soon"}, "window"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_reason(parameters, reason):
    import rclpy
    from humans4d_ros.fusion.fusion_node import FusionNode
    from rclpy.parameter import Parameter

    context = rclpy.Context()
    rclpy.init(context=context)
    given = {"cameras": ["front", "left"], "target_frame": "odom", **parameters}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    try:
        with pytest.raises(Exception, match=reason):
            FusionNode(context=context, parameter_overrides=overrides)
    finally:
        context.try_shutdown()


def test_what_cannot_run_ends_with_one_sentence(fusion):
    node = fusion(cameras=[""])
    assert node.wait() == 1
    assert "cannot start: cameras is empty" in node.output and "Traceback" not in node.output

"""A robot drives past somebody who stands still: in odom, nobody moves.

The bags hold what a robot's would: images and CameraInfo at 10 Hz, the robot in odom at 50 Hz and
its camera as a static transform. In the first the images are grey, and bodies exact, made from
where the camera truly was when the image was taken: what is off in the end is off by the way
through TF, tracker and messages. In the second everything is real but the drive: a photographed
person on a cardboard figure (benchmarks/moving_robot.py, which measures it).
"""

import importlib.util
import math
import os
import subprocess
import sys

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_msgs.msg import PeopleForecast
from places import ROOT, SHARED
from rosbags.rosbag2 import StoragePlugin, Writer
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.geometry import project
from humans4d_core.io import camera_info_fields, message_typestore
from humans4d_core.pipeline import Pipeline
from humans4d_core.tracking import Tracker
from humans4d_core.types import Bodies, Camera, Detections, Pose, TrackState

BENCHMARK = ROOT / "benchmarks/moving_robot.py"
CAMERA = Camera.from_fov(640, 480, math.radians(69))
START = 1_700_000_000_000_000_000
SECONDS = 6.0
#: Hip midpoint of the one who stands, in odom, m; odom's origin is far from where this happens.
PERSON = np.array([1203.0, -842.0 + 4.5, 0.95])
#: x left, y up, z forward -> facing the robot's way.
FACING = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
#: The camera on the robot looks to its left, 1.2 m above the floor, a little down.
MOUNT = Pose(
    Rotation.from_euler("z", 90, degrees=True).as_matrix()
    @ Rotation.from_euler("y", 5, degrees=True).as_matrix()
    @ np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    np.array([0.2, 0.1, 1.2]),
)


def robot(seconds: float) -> Pose:
    """base_link in odom: 1 m/s past the person, swaying by 8 degrees."""
    yaw = math.radians(8) * math.sin(2 * seconds)
    return Pose(
        Rotation.from_euler("z", yaw).as_matrix(),
        PERSON * (1, 1, 0) + (seconds - SECONDS / 2, -4.5, 0),
    )


def camera_in_odom(stamp_ns: int) -> Pose:
    return robot((stamp_ns - START) * 1e-9) @ MOUNT


class ExactRecovery:
    """Who stands there, as the camera truly sees them."""

    name, device, description = "exact", "cpu", "exact bodies"

    def __init__(self):
        self.body = load_body()
        still = np.tile(np.eye(3), (1, 23, 1, 1))
        output = self.body(np.asarray(FACING)[None], still, np.zeros((1, 10)))
        vertices, joints = (part[0].astype(np.float64) for part in output)
        offset = PERSON - joints[1:3].mean(0)
        self._vertices, self._joints, self._offset = vertices + offset, joints + offset, offset

    def recover(self, frame, detections: Detections) -> Bodies:
        camera_from_odom = camera_in_odom(frame.stamp_ns).inverse()
        vertices = camera_from_odom.apply(self._vertices).astype(np.float32)
        joints = camera_from_odom.apply(self._joints).astype(np.float32)
        outline = project(vertices, frame.camera)
        box = np.concatenate((outline.min(0), outline.max(0)))
        if box[2] < 0 or box[0] > frame.camera.width or (vertices[:, 2] < 0.3).any():
            return Bodies.empty(len(vertices), self.name, self.body.name)
        # SMPL turns about the pelvis joint, which is off its origin.
        pelvis = joints[0] - (self._joints[0] - self._offset)
        return Bodies(
            boxes_px=box[None].astype(np.float32),
            scores=np.full(1, 0.9, np.float32),
            global_orient=(camera_from_odom.rotation @ FACING)[None].astype(np.float32),
            body_pose=np.tile(np.eye(3, dtype=np.float32), (1, 23, 1, 1)),
            betas=np.zeros((1, 10), np.float32),
            translation_cam=pelvis[None].astype(np.float32),
            vertices_cam=vertices[None],
            joints_cam=joints[None],
            joints_px=project(joints, frame.camera)[None].astype(np.float32),
            joint_confidence=np.ones((1, 24), np.float32),
            pelvis_covariance_cam=np.diag((1e-3, 1e-3, 2e-2)).astype(np.float32)[None],
            recovery=self.name,
            body_model=self.body.name,
        )


class NoDetector:
    name, start_score = "none", 0.5

    def detect(self, image_bgr) -> Detections:
        return Detections.empty()


class Bag:
    """Writes messages by type, topic and time."""

    def __init__(self, path):
        self._store = message_typestore()
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._connections = {}

    def __enter__(self):
        self._writer.open()
        return self

    def __exit__(self, *_):
        self._writer.close()

    def type(self, name: str):
        return self._store.types[name]

    def header(self, stamp_ns: int, frame_id: str):
        stamp = self.type("builtin_interfaces/msg/Time")(*divmod(stamp_ns, 10**9))
        return self.type("std_msgs/msg/Header")(stamp, frame_id)

    def write(self, topic: str, name: str, stamp_ns: int, message) -> None:
        if topic not in self._connections:
            connection = self._writer.add_connection(topic, name, typestore=self._store)
            self._connections[topic] = connection
        data = self._store.serialize_cdr(message, name)
        self._writer.write(self._connections[topic], stamp_ns, data)

    def write_transform(
        self, topic, stamp_ns, parent: str, child: str, pose: Pose, at=None
    ) -> None:
        turn = Rotation.from_matrix(pose.rotation).as_quat().tolist()
        transform = self.type("geometry_msgs/msg/TransformStamped")(
            self.header(stamp_ns, parent),
            child,
            self.type("geometry_msgs/msg/Transform")(
                self.type("geometry_msgs/msg/Vector3")(*pose.translation.tolist()),
                self.type("geometry_msgs/msg/Quaternion")(*turn),
            ),
        )
        name = "tf2_msgs/msg/TFMessage"
        self.write(topic, name, at or stamp_ns, self.type(name)([transform]))

    def write_image(self, stamp_ns: int, image_bgr: np.ndarray, camera: Camera, frame_id: str):
        header = self.header(stamp_ns, frame_id)
        name = "sensor_msgs/msg/CameraInfo"
        region = self.type("sensor_msgs/msg/RegionOfInterest")(0, 0, 0, 0, False)
        info = self.type(name)(
            header=header, binning_x=0, binning_y=0, roi=region, **camera_info_fields(camera)
        )
        self.write("/camera_info", name, stamp_ns, info)
        height, width = image_bgr.shape[:2]
        name = "sensor_msgs/msg/Image"
        image = self.type(name)(header, height, width, "bgr8", 0, 3 * width, image_bgr.ravel())
        self.write("/image", name, stamp_ns, image)


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "drive"
    grey = np.full((480, 640, 3), 90, np.uint8)
    with Bag(path) as bag:
        bag.write_transform("/tf_static", START - 10**9, "base_link", "camera", MOUNT)
        for tick in range(-25, round(SECONDS * 50) + 25):
            # The drive's own stamps: odometry is not in step with the camera.
            stamp_ns = START + tick * 20_000_000 + 7_000_000
            pose = robot((stamp_ns - START) * 1e-9)
            # It comes later than it was: images wait for it.
            bag.write_transform(
                "/tf", stamp_ns, "odom", "base_link", pose, at=stamp_ns + 30_000_000
            )
        for number in range(round(SECONDS * 10)):
            bag.write_image(START + number * 100_000_000, grey, CAMERA, "camera")
    return path


def play(bag, rate: float = 1.0) -> None:
    command = [
        sys.executable,
        "-m",
        "humans4d_ros.replay.bag_player",
        str(bag),
        "--rate",
        str(rate),
    ]
    subprocess.run([*command, "--wait-for", "/image", "--wait-for", "/tf"], check=True, timeout=60)


def xyz(vector) -> np.ndarray:
    return np.array([vector.x, vector.y, vector.z])


def test_who_stands_still_keeps_position_and_velocity_in_odom(run_node_here, bag, station):
    """Also when the bag is played again: time goes back, and what TF said before with it."""
    station.listen(PeopleForecast, "/humans4d/forecasts", 100)
    messages = station.received["/humans4d/people"]
    pipeline = Pipeline(NoDetector(), ExactRecovery(), Tracker())
    run_node_here(pipeline, target_frame="odom", tf_timeout=1.0)
    ids = []
    for _ in range(2):
        messages.clear()
        play(bag)
        station.wait_for(lambda: len(messages) >= 40, "most images' people")
        ids.append(check_that_nobody_moves(list(messages)))
    assert ids[0] < ids[1]

    for message in station.received["/humans4d/forecasts"]:
        for person in message.people:
            if person.state == TrackState.CONFIRMED:
                expected = np.array(person.positions).reshape(-1, 3)
                assert message.header.frame_id == "odom"
                assert np.linalg.norm(expected - PERSON, axis=1).max() < 0.25
    frames = [
        transform
        for message in station.received["/tf"]
        for transform in message.transforms
        if transform.child_frame_id.startswith("body_")
    ]
    assert frames
    for transform in frames:
        assert transform.header.frame_id == "odom"
        assert np.linalg.norm(xyz(transform.transform.translation) - PERSON) < 0.05


def check_that_nobody_moves(messages) -> int:
    """Those in which somebody is confirmed; the id."""
    messages = [m for m in messages if m.people and m.people[0].state == TrackState.CONFIRMED]
    assert len(messages) >= 30
    seconds = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 - START * 1e-9 for m in messages]
    assert np.ptp([robot(s).translation[0] for s in seconds]) > 3.0  # the robot did drive past
    assert {m.header.frame_id for m in messages} == {"odom"}
    for message in messages:
        mesh = message.people[0]
        position = xyz(mesh.pose.pose.position)
        assert np.linalg.norm(position - PERSON) < 0.05
        assert np.linalg.norm(xyz(mesh.twist.twist.linear)) < 0.1
        # The whole body stands there.
        joints = np.array(mesh.joints).reshape(-1, 3)
        np.testing.assert_allclose(joints[1:3].mean(0), PERSON, atol=0.05)
        assert joints[15, 2] > PERSON[2] + 0.4  # the head is up
    (track_id,) = {mesh.track_id for m in messages for mesh in m.people}
    return track_id


@pytest.fixture(scope="module")
def cardboard_bag(tmp_path_factory):
    """The bag, and where the hips truly are."""
    folder = SHARED / "media/h36m"
    if not folder.is_dir():
        pytest.skip("needs the photographs in shared/media/h36m")
    spec = importlib.util.spec_from_file_location("moving_robot", BENCHMARK)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    cardboard = benchmark.Cardboard(folder, "S7_Greeting.55011271_000396.jpg")
    path = tmp_path_factory.mktemp("bags") / "cardboard"
    still = Pose(np.eye(3), np.zeros(3))
    with Bag(path) as bag:
        bag.write_transform("/tf_static", START - 10**9, "base_link", "camera", still)
        for frame in benchmark.drive(cardboard, speed=1.0, seconds=3.0):
            stamp_ns = START + frame.stamp_ns
            pose = frame.fixed_from_camera
            bag.write_transform("/tf", stamp_ns, "odom", "base_link", pose)
            bag.write_image(stamp_ns, frame.image_bgr, frame.camera, "camera")
    return path, cardboard.hips


@pytest.mark.slow
def test_a_photographed_person_stands_still_in_odom(start_node, station, cardboard_bag):
    """odom's z = 0 is the floor, which the node is told."""
    bag, hips = cardboard_bag
    messages = station.received["/humans4d/people"]
    messages.clear()
    node = start_node(
        target_frame="odom", ground_frame="odom", tf_timeout=1.0, recovery="landmarks"
    )
    node.wait_until_it_says("active: listening")
    play(bag, rate=0.3)  # so that a busy machine, too, sees most images
    station.wait_for(lambda: len(messages) >= 20, "most images' people")
    confirmed = [mesh for m in messages for mesh in m.people if mesh.state == TrackState.CONFIRMED]
    assert len({mesh.track_id for mesh in confirmed}) == 1
    places = np.array([xyz(mesh.pose.pose.position) for mesh in confirmed])[10:]
    speeds = np.array([np.linalg.norm(xyz(mesh.twist.twist.linear)) for mesh in confirmed])[10:]
    assert len(places) >= 8
    middle = np.median(places, axis=0)
    assert np.linalg.norm(places - middle, axis=1).max() < 0.05
    assert np.median(speeds) < 0.1
    assert np.linalg.norm(middle - hips) < 0.5

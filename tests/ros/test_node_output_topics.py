"""The real node on a robot whose pose is known: every topic tells the same people, in odom."""

import math
import os
import time

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from humans4d_msgs.msg import PeopleForecast
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import JOINT_NAMES, Camera, Pose, TrackState

CAMERA = Camera.from_fov(768, 576, math.radians(50))
IMAGES = 12
THERE = (TrackState.CONFIRMED, TrackState.OCCLUDED)
#: The camera in odom: 3 m up, looking along odom's y and 20 degrees down.
MOUNT = Pose(
    Rotation.from_euler("x", -20, degrees=True).as_matrix()
    @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    [7.0, -3.0, 3.0],
)


@pytest.fixture(scope="module")
def seen(start_node, station, video_frames):
    """The last image's messages by topic, the mesh markers as bytes."""
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    static = station.node.create_publisher(TFMessage, "/tf_static", latched)
    transform = TransformStamped(child_frame_id="camera_optical_frame")
    transform.header.frame_id = "odom"
    move, turn = transform.transform.translation, transform.transform.rotation
    move.x, move.y, move.z = MOUNT.translation.tolist()
    turn.x, turn.y, turn.z, turn.w = Rotation.from_matrix(MOUNT.rotation).as_quat().tolist()
    static.publish(TFMessage(transforms=[transform]))
    station.listen(PeopleForecast, "/humans4d/forecasts", 10)
    station.listen(PointCloud2, "/humans4d/surface", 10)
    meshes = []
    station.node.create_subscription(
        MarkerArray, "/humans4d/mesh_markers", meshes.append, 1, raw=True
    )
    node = start_node(target_frame="odom", tf_timeout=5.0, publish_joint_tf="true")
    node.wait_until_it_says("active: listening")
    station.calibrate(node, CAMERA)
    topics = "/humans4d/forecasts", "/humans4d/surface", "/tf"
    stamp_ns = time.time_ns()

    def of_image(topic):
        messages = station.received[topic]
        found = (m for m in messages if stamp_of(m) == stamp_ns)
        return next(found, None)

    for number in range(40):  # until all topics have found each other and someone is there
        stamp_ns += 100_000_000
        people = station.show(video_frames[number % IMAGES], stamp_ns)
        there = any(mesh.state in THERE for mesh in people.people)
        if number >= IMAGES - 1 and there and meshes and all(station.received[t] for t in topics):
            break
    for topic in topics:
        station.wait_for(lambda topic=topic: of_image(topic), topic)
    station.wait_for(lambda: stamp_of_meshes(meshes[-1]) == stamp_ns, "the mesh markers")
    return {
        "people": people,
        "meshes": meshes[-1],
        "body_model": station.received["/humans4d/body_model"][-1],
        **{topic: of_image(topic) for topic in topics},
    }


def stamp_of(message) -> int:
    parts = message.transforms if isinstance(message, TFMessage) else [message]
    return join_stamp(parts[0].header.stamp) if parts else 0


def stamp_of_meshes(data: bytes) -> int:
    """Of the first marker: behind CDR's header and the length."""
    seconds, nanoseconds = np.frombuffer(data, "<i4", count=2, offset=8).tolist()
    return seconds * 10**9 + nanoseconds


@pytest.fixture
def there(seen):
    """The believed people, in odom."""
    people = message_to_people(seen["people"])
    return people.select(np.isin(people.states, THERE))


def test_people_are_in_odom_in_front_of_the_camera(seen, there):
    message = seen["people"]
    assert message.header.frame_id == "odom"
    assert (message.image_width, message.image_height) == (768, 576)
    in_camera = MOUNT.inverse().apply(there.bodies.pelvis_cam)
    assert (in_camera[:, 2] > 1).all()
    pixels = in_camera[:, :2] / in_camera[:, 2:] * CAMERA.fx + (CAMERA.cx, CAMERA.cy)
    boxes = there.bodies.boxes_px
    assert ((pixels > boxes[:, :2] - 20) & (pixels < boxes[:, 2:] + 20)).all()
    # People stand upright, in a world whose z is up.
    up = there.bodies.joints_cam[:, JOINT_NAMES.index("head")] - there.bodies.pelvis_cam
    assert (up[:, 2] > 0.3).all()


def test_the_surface_is_the_vertices_of_the_message(seen, there):
    cloud = seen["/humans4d/surface"]
    assert cloud.header == seen["people"].header
    points = np.frombuffer(cloud.data, np.float32).reshape(-1, 4)
    np.testing.assert_array_equal(points[:, :3], there.bodies.vertices_cam.reshape(-1, 3))
    ids = np.repeat(there.track_ids, there.bodies.vertices_cam.shape[1])
    np.testing.assert_array_equal(points.view(np.uint32)[:, 3], ids)


def test_mesh_markers_are_its_triangles(seen, there):
    array = deserialize_message(seen["meshes"], MarkerArray)
    meshes = [marker for marker in array.markers if marker.action == Marker.ADD]
    assert [mesh.id for mesh in meshes] == there.track_ids.tolist()
    corners = np.array(seen["body_model"].faces)
    first = np.array([[p.x, p.y, p.z] for p in meshes[0].points])
    np.testing.assert_array_equal(first, there.bodies.vertices_cam[0][corners])
    assert {mesh.header.frame_id for mesh in meshes} == {"odom"}


def test_transforms_hang_the_joints_below_the_bodies(seen, there):
    told = {t.child_frame_id: t for t in seen["/tf"].transforms}
    assert len(told) == len(seen["/tf"].transforms) == 25 * len(there)
    for i, pelvis in zip(there.track_ids.tolist(), there.bodies.pelvis_cam, strict=True):
        body, knee = told[f"body_{i}"], told[f"left_knee_{i}"]
        assert (body.header.frame_id, knee.header.frame_id) == ("odom", f"left_hip_{i}")
        move = body.transform.translation
        np.testing.assert_allclose([move.x, move.y, move.z], pelvis, atol=1e-5)


def test_forecasts_start_at_the_people_and_grow_unsure(seen, there):
    message = seen["/humans4d/forecasts"]
    assert message.header == seen["people"].header
    assert [person.track_id for person in message.people] == there.track_ids.tolist()
    seconds = np.array(message.seconds)
    assert seconds[-1] == pytest.approx(2.0) and (np.diff(seconds) > 0).all()
    for person, i in zip(message.people, range(len(there)), strict=True):
        positions = np.reshape(person.positions, (-1, 3))
        covariances = np.reshape(person.covariances, (-1, 3, 3))
        assert len(positions) == len(covariances) == len(seconds)
        # Nobody runs faster than this.
        reach = np.linalg.norm(positions - there.bodies.pelvis_cam[i], axis=1)
        assert (reach < 0.5 + 4 * seconds).all()
        assert (np.linalg.eigvalsh(covariances) > 0).all()
        assert (np.diff(np.trace(covariances, axis1=1, axis2=2)) > 0).all()

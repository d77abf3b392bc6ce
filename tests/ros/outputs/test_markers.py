"""Markers: who is there is drawn, who left is deleted."""

import os
from dataclasses import replace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.outputs.markers import MeshMarkers, SkeletonMarkers
from humans4d_ros.outputs.scene import Scene
from rclpy.serialization import deserialize_message
from scipy.spatial.transform import Rotation
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.types import JOINT_PARENTS, Pose, TrackState

FACES = np.array([[0, 1, 2], [2, 1, 3], [29, 28, 27]], np.int32)


@pytest.fixture(params=["skeletons", "meshes"])
def display(request):
    return SkeletonMarkers() if request.param == "skeletons" else MeshMarkers(FACES)


def read(data: bytes) -> list[Marker]:
    return deserialize_message(data, MarkerArray).markers


def names(markers, action):
    return sorted((m.ns, m.id) for m in markers if m.action == action)


def of(display, *ids):
    return sorted((namespace, i) for namespace in display.namespaces for i in ids)


def points(marker) -> np.ndarray:
    return np.array([[p.x, p.y, p.z] for p in marker.points])


def test_everybody_has_each_kind_of_marker_under_the_images_header(display, make_people, frame):
    markers = read(display.update(Scene(make_people(2), frame), 1))
    assert markers[0].action == Marker.DELETEALL
    assert names(markers, Marker.ADD) == of(display, 1, 2)
    for marker in markers:
        assert marker.header.frame_id == frame.frame_id
        assert marker.header.stamp.sec * 10**9 + marker.header.stamp.nanosec == frame.stamp_ns


def test_a_listener_who_comes_later_starts_with_an_empty_display_too(display, make_people, frame):
    scene = Scene(make_people(1), frame)
    arrays = [read(display.update(scene, listeners)) for listeners in (1, 1, 2, 1, 1, 2)]
    assert [len(names(array, Marker.DELETEALL)) for array in arrays] == [1, 0, 1, 0, 0, 1]
    assert all(names(array, Marker.ADD) == of(display, 1) for array in arrays)


def test_who_left_is_deleted_once(display, make_people, frame):
    display.update(Scene(make_people(2), frame), 1)
    one = Scene(make_people(2).select(np.array([0])), frame)
    gone = read(display.update(one, 1))
    assert names(gone, Marker.DELETE) == of(display, 2)
    assert names(gone, Marker.DELETEALL) == []
    assert names(read(display.update(one, 1)), Marker.DELETE) == []


def test_only_believed_people_are_drawn_and_hidden_ones_fainter(display, make_people, frame):
    states = [
        TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST,
    ]  # fmt: skip
    markers = read(display.update(Scene(make_people(4, states), frame), 1))
    opacity = {m.id: m.color.a for m in markers if m.ns == display.namespaces[0]}
    assert set(opacity) == {2, 3}
    assert opacity[3] < opacity[2]


def test_nobody_there_leaves_nothing_on_display(display, make_people, frame):
    display.update(Scene(make_people(1), frame), 1)
    markers = read(display.update(Scene(make_people(0), frame), 1))
    assert names(markers, Marker.DELETE) == of(display, 1)
    assert names(markers, Marker.ADD) == []


def test_cleared_it_starts_anew(display, make_people, frame):
    display.update(Scene(make_people(2), frame), 1)
    assert [m.action for m in read(display.clear())] == [Marker.DELETEALL]
    markers = read(display.update(Scene(make_people(1), frame), 1))
    assert names(markers, Marker.ADD) == of(display, 1)
    assert names(markers, Marker.DELETE) == []


def test_bones_join_each_joint_to_its_parent(make_people, frame):
    people = make_people(2)
    markers = read(SkeletonMarkers().update(Scene(people, frame), 1))
    skeleton = next(m for m in markers if (m.ns, m.id) == ("skeleton", 2))
    expected = [
        (people.bodies.joints_cam[1, joint], people.bodies.joints_cam[1, parent])
        for joint, parent in enumerate(JOINT_PARENTS)
        if parent >= 0
    ]
    np.testing.assert_array_equal(points(skeleton).reshape(-1, 2, 3), expected)


def test_a_mesh_is_the_corners_of_its_triangles(make_people, frame):
    display = MeshMarkers(FACES)
    # More, then fewer people: what the first left in memory is not shown again.
    for people in (make_people(3), make_people(2, seed=1)):
        meshes = [
            m for m in read(display.update(Scene(people, frame), 1)) if m.action == Marker.ADD
        ]
        for mesh, vertices in zip(meshes, people.bodies.vertices_cam, strict=True):
            assert mesh.type == Marker.TRIANGLE_LIST
            np.testing.assert_array_equal(points(mesh).reshape(-1, 3, 3), vertices[FACES])


def test_in_a_target_frame_markers_are_there_and_labels_above_heads(make_people, frame):
    pose = Pose(Rotation.from_euler("x", -90, degrees=True).as_matrix(), [1, 2, 3])
    people, moving = make_people(1), replace(frame, fixed_from_camera=pose)
    markers = read(SkeletonMarkers().update(Scene(people, moving, "odom"), 1))
    _, skeleton, label = markers
    assert {m.header.frame_id for m in markers} == {"odom"}
    joints = pose.apply(people.bodies.joints_cam[0])
    np.testing.assert_allclose(points(skeleton)[1], joints[0], atol=1e-5)
    above = np.array([label.pose.position.x, label.pose.position.y, label.pose.position.z])
    np.testing.assert_allclose(above - joints[15], [0, 0, 0.35], atol=1e-5)

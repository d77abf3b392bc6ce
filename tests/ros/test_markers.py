"""Markers: who is there is drawn, who left is deleted."""

import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.markers import PeopleMarkers
from visualization_msgs.msg import Marker

from humans4d_core.types import JOINT_PARENTS, TrackState


def names(array, action):
    return sorted((m.ns, m.id) for m in array.markers if m.action == action)


def test_each_person_has_a_skeleton_and_a_label(make_people, frame):
    people = make_people(2)
    array = PeopleMarkers().update(people, frame)
    assert array.markers[0].action == Marker.DELETEALL
    assert names(array, Marker.ADD) == [
        ("label", 1), ("label", 2), ("skeleton", 1), ("skeleton", 2),
    ]  # fmt: skip
    skeleton = next(m for m in array.markers if (m.ns, m.id) == ("skeleton", 2))
    ends = np.array([[p.x, p.y, p.z] for p in skeleton.points]).reshape(-1, 2, 3)
    expected = [
        (people.bodies.joints_cam[1, joint], people.bodies.joints_cam[1, parent])
        for joint, parent in enumerate(JOINT_PARENTS)
        if parent >= 0
    ]
    np.testing.assert_array_equal(ends, expected)
    assert skeleton.header.frame_id == frame.frame_id
    assert skeleton.header.stamp.sec * 10**9 + skeleton.header.stamp.nanosec == frame.stamp_ns


def test_who_left_is_deleted_once(make_people, frame):
    markers = PeopleMarkers()
    markers.update(make_people(2), frame)
    one = make_people(2).select(np.array([0]))
    gone = markers.update(one, frame)
    assert names(gone, Marker.DELETE) == [("label", 2), ("skeleton", 2)]
    assert names(gone, Marker.DELETEALL) == []
    assert names(markers.update(one, frame), Marker.DELETE) == []


def test_only_believed_people_are_drawn_and_hidden_ones_fainter(make_people, frame):
    states = [
        TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST,
    ]  # fmt: skip
    array = PeopleMarkers().update(make_people(4, states), frame)
    opacity = {m.id: m.color.a for m in array.markers if m.ns == "skeleton"}
    assert set(opacity) == {2, 3}
    assert opacity[3] < opacity[2]


def test_nobody_there_leaves_nothing_on_display(make_people, frame):
    markers = PeopleMarkers()
    markers.update(make_people(1), frame)
    array = markers.update(make_people(0), frame)
    assert names(array, Marker.DELETE) == [("label", 1), ("skeleton", 1)]
    assert names(array, Marker.ADD) == []

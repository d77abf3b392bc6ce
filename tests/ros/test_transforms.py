"""Transforms agree with the message, for those people who are believed to be there."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from humans4d_ros.conversions import people_to_message
from humans4d_ros.transforms import body_transforms

from humans4d_core.types import TrackState


def test_confirmed_and_occluded_people_have_the_messages_pose(make_people, frame):
    states = [
        TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST,
    ]  # fmt: skip
    people = make_people(4, states)
    message = people_to_message(people, stamp_ns=frame.stamp_ns, frame_id=frame.frame_id)
    transforms = body_transforms(people, frame).transforms

    assert [t.child_frame_id for t in transforms] == ["body_2", "body_3"]
    for transform, mesh in zip(transforms, message.people[1:3], strict=True):
        assert transform.header == message.header
        move, position = transform.transform.translation, mesh.pose.pose.position
        assert (move.x, move.y, move.z) == (position.x, position.y, position.z)
        assert transform.transform.rotation == mesh.pose.pose.orientation


def test_nobody_there_is_an_empty_message(make_people, frame):
    assert list(body_transforms(make_people(0), frame).transforms) == []

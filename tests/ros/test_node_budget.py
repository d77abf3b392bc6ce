"""A node with little time for bodies tells of everybody, and how old their poses are."""

import math
import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import Camera, TrackState

CAMERA = Camera.from_fov(768, 576, math.radians(50))


def test_poses_of_a_crowd_come_in_turn_and_say_how_old_they_are(station, start_node, video_frames):
    node = start_node(recovery_budget=1e-3)
    node.wait_until_it_says("active: listening")
    assert "1 ms an image, in turn" in node.output
    station.calibrate(node, CAMERA)
    ages = []
    for number, image in enumerate(video_frames[:8]):
        stamp_ns = 10**18 + number * 10**8
        people = message_to_people(station.show(image, stamp_ns))
        seen = people.select(people.states == TrackState.CONFIRMED)
        ages.append((seen.last_seen_ns - seen.last_recovered_ns).tolist())
    assert all(len(each) >= 3 for each in ages[2:])  # there are more than three people
    assert all(sum(age == 0 for age in each) <= 1 for each in ages[2:])
    assert max(map(max, ages[2:])) >= 2 * 10**8
    report = station.wait_for_diagnostics(lambda d: float(d["oldest_pose_s"]) > 0, "pose ages")
    assert float(report["oldest_pose_s"]) <= 0.8
    assert node.stop() == 0, node.output

"""Poses that come and go, jump, or are none."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.tracking.camera_motion import BRIDGED_SECONDS, CameraMotion
from humans4d_core.types import Pose


def pose_at(seconds, speed=1.0, turn=0.5):
    """A camera that drives on a circle, far from the fixed frame's origin."""
    angle = turn * seconds
    place = speed / turn * np.array([1 - np.cos(angle), 0, np.sin(angle)])
    return Pose(Rotation.from_euler("y", angle).as_matrix(), (4e5, 5e6, 0) + place)


def test_the_step_moves_standing_points_into_the_new_axes():
    motion = CameraMotion()
    first, second = pose_at(0), pose_at(0.1)
    assert motion.step(first, 0).new_from_old is None
    step = motion.step(second, 0.1)
    standing = np.array([4e5 + 3, 5e6, 6.0])
    old, new = first.inverse().apply(standing), second.inverse().apply(standing)
    np.testing.assert_allclose(step.new_from_old.apply(old), new, atol=1e-6)
    assert not step.is_other_reference


def test_a_camera_without_poses_is_never_moved():
    motion = CameraMotion()
    for _ in range(3):
        step = motion.step(None, 0.1)
        assert step.new_from_old is None and not step.is_other_reference


BROKEN = [
    None,
    Pose(np.full((3, 3), np.nan), np.zeros(3)),
    Pose(np.eye(3), (0, np.inf, 0)),
    Pose(np.zeros((3, 3)), np.zeros(3)),
    Pose(np.diag([1.0, 1, -1]), np.zeros(3)),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_short_gap_is_bridged_by_the_motion_before(broken):
    motion = CameraMotion()
    way = Pose(np.eye(3), np.zeros(3))
    for k in range(8):
        step = motion.step(broken if k in (4, 5) else pose_at(k / 10), 0.1)
        assert step.is_other_reference == (k == 0)
        if step.new_from_old is not None:
            way = step.new_from_old @ way
        expected = pose_at(k / 10).inverse() @ pose_at(0)
        np.testing.assert_allclose(way.translation, expected.translation, atol=1e-6)
        np.testing.assert_allclose(way.rotation, expected.rotation, atol=1e-6)


def test_after_a_long_gap_the_camera_is_unknown_until_the_next_pose():
    motion = CameraMotion()
    for k in range(3):
        motion.step(pose_at(k / 10), 0.1)
    changes = [motion.step(None, 0.1) for _ in range(10)]
    bridged = round(BRIDGED_SECONDS / 0.1)
    assert [s.is_other_reference for s in changes] == [k == bridged for k in range(10)]
    assert all(s.new_from_old is None for s in changes[bridged:])
    again = motion.step(pose_at(50), 0.1)
    assert again.new_from_old is None and again.is_other_reference
    assert motion.step(pose_at(50.1), 0.1).new_from_old is not None


@pytest.mark.parametrize("seconds_before", [0.0, 0.1, 1.0])
def test_a_jump_moves_nobody(seconds_before):
    motion = CameraMotion()
    for k in range(round(seconds_before / 0.1) + 1):
        motion.step(pose_at(k / 10), 0.1)
    elsewhere = Pose(Rotation.from_euler("y", 2.0).as_matrix(), (100, 0, 0))
    t = seconds_before
    step = motion.step(elsewhere @ pose_at(t + 0.1), 0.1)
    if step.new_from_old is not None:
        assert np.linalg.norm(step.new_from_old.translation) < 0.15
    step = motion.step(elsewhere @ pose_at(t + 0.2), 0.1)
    expected = pose_at(0.1).inverse() @ pose_at(0)
    np.testing.assert_allclose(step.new_from_old.rotation, expected.rotation, atol=1e-6)
    np.testing.assert_allclose(step.new_from_old.translation, expected.translation, atol=1e-6)


def test_poses_that_jump_all_the_time_move_nobody_far():
    random, motion = np.random.default_rng(0), CameraMotion()
    for _ in range(50):
        step = motion.step(Pose(np.eye(3), random.normal(0, 1000, 3)), 0.1)
        assert step.new_from_old is None


def test_a_stamp_that_repeats_divides_by_nothing():
    motion = CameraMotion()
    for _ in range(3):
        motion.step(pose_at(0), 0.0)
    step = motion.step(pose_at(0.1), 0.1)
    assert np.isfinite(step.new_from_old.rotation).all()

"""A body is bent to joints as the body model itself would bend."""

import numpy as np
import pytest
from placed_people import free_body
from scipy.spatial.transform import Rotation

from humans4d_core.fusion.bent_body import bent, global_rotations, local_rotations
from humans4d_core.types import BONES


def posed(seed: int, count: int = 5):
    """Rotations (N, 24, 3, 3) and the free body's joints (N, 24, 3)."""
    turns = np.random.default_rng(seed).normal(0, 0.4, (count * 24, 3))
    rotations = Rotation.from_rotvec(turns).as_matrix().reshape(count, 24, 3, 3)
    joints = free_body()(rotations[:, 0], rotations[:, 1:], np.zeros((count, 10))).joints
    return rotations, joints.astype(float)


def lengths(joints):
    return np.linalg.norm(joints[:, BONES[:, 0]] - joints[:, BONES[:, 1]], axis=-1)


def test_global_and_local_rotations_are_inverse():
    rotations, _ = posed(0)
    np.testing.assert_allclose(local_rotations(global_rotations(rotations)), rotations, atol=1e-9)


def test_a_body_that_is_where_it_should_be_stays():
    rotations, joints = posed(1)
    again, placed = bent(rotations, joints, joints)
    np.testing.assert_allclose(placed, joints, atol=1e-6)
    np.testing.assert_allclose(again, rotations, atol=1e-4)


def test_joints_of_another_pose_are_reached_and_the_body_model_agrees():
    rotations, joints = posed(2)
    _, wanted = posed(3)
    found, placed = bent(rotations, joints, wanted)
    np.testing.assert_allclose(placed, wanted, atol=2e-3)
    model = free_body()(found[:, 0], found[:, 1:], np.zeros((len(found), 10))).joints
    offset = (placed - model).mean(1, keepdims=True)
    np.testing.assert_allclose(model + offset, placed, atol=1e-4)


@pytest.mark.parametrize("scale", [0.0, 0.3])
def test_bones_keep_their_lengths_whatever_is_wanted(scale):
    rotations, joints = posed(4)
    wanted = joints * scale + np.random.default_rng(5).normal(0, scale, joints.shape)
    found, placed = bent(rotations, joints, wanted)
    np.testing.assert_allclose(lengths(placed), lengths(joints), atol=1e-6)
    np.testing.assert_allclose(found @ found.swapaxes(-1, -2), np.tile(np.eye(3), (5, 24, 1, 1)),
                               atol=1e-6)  # fmt: skip
    hips = (placed[:, 1] + placed[:, 2] - wanted[:, 1] - wanted[:, 2]) / 2
    np.testing.assert_allclose(hips, 0, atol=1e-9)

"""Poses that were not captured are poses all the same."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.training.people.mirror import MIRRORED_JOINTS, mirrored_rotations
from humans4d_core.training.people.pose_variety import before_camera, varied


@pytest.fixture
def poses():
    rng = np.random.default_rng(0)
    return Rotation.from_rotvec(rng.normal(0, 0.3, (8 * 24, 3))).as_matrix().reshape(8, 24, 3, 3)


def test_the_mirror_image_of_the_mirror_image_is_the_pose(poses):
    image = mirrored_rotations(poses[0])
    np.testing.assert_allclose(mirrored_rotations(image), poses[0], atol=1e-12)
    assert not np.allclose(image, poses[0])


def test_joints_of_the_mirrored_person_are_mirrored_rotations(poses, body):
    from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton

    skeleton, betas = LandmarkSkeleton(body), np.zeros((1, 10))
    joints = skeleton.pose(poses[:1], betas).joints[0]
    other = skeleton.pose(mirrored_rotations(poses[0])[None], betas).joints[0]
    back = other[list(MIRRORED_JOINTS)] * (-1, 1, 1)
    np.testing.assert_allclose(back, joints, atol=0.02)  # the body is almost symmetric


def test_varied_poses_are_rotations_and_equal_for_equal_seeds(poses):
    for seed in range(50):
        pose = varied(poses[0], poses, np.random.default_rng(seed))
        np.testing.assert_allclose(np.linalg.det(pose), 1, atol=1e-9)
        again = varied(poses[0], poses, np.random.default_rng(seed))
        np.testing.assert_array_equal(pose, again)


def test_a_standing_person_stands_in_the_image(poses):
    standing = np.broadcast_to(np.eye(3), (24, 3, 3))
    up = []
    for seed in range(100):
        local, distance = before_camera(standing, np.random.default_rng(seed))
        assert 2 <= distance < 17
        up.append(local[0] @ (0, 1, 0))
    up = np.array(up)
    assert (up[:, 1] < 0.3).all() and np.median(up[:, 1]) < -0.9  # y is down

"""Joints of several views: each camera is believed where it sees well."""

import numpy as np

from humans4d_core.fusion.joint_fusion import fused_joints, resized, viewing_rays


def test_what_one_camera_reads_wrongly_in_depth_the_other_puts_right():
    rng = np.random.default_rng(0)
    true = rng.normal(0, 0.4, (50, 24, 3))
    true -= true[:, 1:3].mean(1, keepdims=True)
    rays = np.tile(np.eye(3)[:2], (50, 1, 1))
    joints = np.repeat(true[:, None], 2, axis=1)
    for camera in range(2):
        joints[:, camera, :, camera] += rng.normal(0, 0.15, (50, 24))
    joints += rng.normal(0, 0.03, joints.shape)
    joints -= joints[:, :, 1:3].mean(2, keepdims=True)
    fused = fused_joints(joints, np.full((50, 2, 24), 0.5), rays, np.ones((50, 2), bool))
    single = np.linalg.norm(joints - true[:, None], axis=-1).mean()
    assert np.linalg.norm(fused - true, axis=-1).mean() < 0.6 * single


def test_a_joint_that_one_camera_does_not_see_is_the_others():
    rng = np.random.default_rng(1)
    joints = rng.normal(0, 0.4, (1, 2, 24, 3))
    joints -= joints[:, :, 1:3].mean(2, keepdims=True)
    confidence = np.full((1, 2, 24), 0.9)
    confidence[0, 1, 20] = 0.0
    rays = np.float64([[[0, 0, 1], [0, 0, 1]]])
    fused = fused_joints(joints, confidence, rays, np.ones((1, 2), bool))
    middle = joints.mean(1)
    assert np.linalg.norm(fused[0, 19] - middle[0, 19]) < 1e-9
    assert np.linalg.norm(fused[0, 20] - joints[0, 0, 20]) < 0.1 * np.linalg.norm(
        joints[0, 1, 20] - joints[0, 0, 20]
    )


def test_what_is_not_given_says_nothing():
    joints = np.random.default_rng(2).normal(size=(1, 3, 24, 3))
    given = np.array([[True, False, True]])
    args = np.full((1, 3, 24), 0.5), np.tile([0.0, 0, 1], (1, 3, 1)), given
    first = fused_joints(joints, *args)
    joints[:, 1] = 1e6
    np.testing.assert_allclose(fused_joints(joints, *args), first)


def test_a_ray_is_the_cameras_or_else_where_the_place_is_known_worst():
    places = np.array([[4.0, 0, 1], [4.0, 0, 1]])
    covariances = np.array([np.diag([0.01, 0.5, 0.01])] * 2)
    cameras = np.array([[0.0, 0, 1], [np.nan] * 3])
    rays = viewing_rays(places, covariances, cameras)
    np.testing.assert_allclose(rays[0], [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(np.abs(rays[1]), [0, 1, 0], atol=1e-9)


def test_who_is_nearer_than_thought_is_smaller_by_as_much():
    camera = np.array([[0.0, 0, 0], [np.nan] * 3, [0.0, 0, 0]])
    thought = np.array([[5.0, 0, 0], [5.0, 0, 0], [5.0, 0, 0]])
    true = np.array([[4.0, 0, 0], [4.0, 0, 0], [50.0, 0, 0]])
    np.testing.assert_allclose(resized(thought, true, camera)[:2], [0.8, 1.0])
    assert resized(thought, true, camera)[2] < 1.5  # never without bounds

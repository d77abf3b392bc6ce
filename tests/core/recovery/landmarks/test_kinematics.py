import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton


@pytest.fixture(scope="module")
def body():
    return BodyModel(read_body_file(EMBEDDED_BODY))


@pytest.fixture(scope="module")
def skeleton():
    return LandmarkSkeleton(read_body_file(EMBEDDED_BODY))


def random_pose(n, seed=0):
    rng = np.random.default_rng(seed)
    local = Rotation.from_rotvec(rng.normal(0, 0.4, (n * 24, 3))).as_matrix().reshape(n, 24, 3, 3)
    return local, rng.normal(0, 0.5, (n, 10))


def test_joints_equal_the_skinned_bodys(body, skeleton):
    local, betas = random_pose(3)
    posed = body(local[:, 0], local[:, 1:], betas)
    np.testing.assert_allclose(skeleton.pose(local, betas).joints, posed.joints, atol=1e-5)


def test_surface_landmarks_lie_on_the_skinned_surface(body, skeleton):
    local, betas = random_pose(3)
    posed = body(local[:, 0], local[:, 1:], betas)
    points = skeleton.pose(local, betas).points[:, np.isin(skeleton.landmarks, (0, 7, 8))]
    gaps = np.linalg.norm(points[:, :, None] - posed.vertices[:, None], axis=-1).min(-1)
    assert gaps.max() < 0.02


def test_left_landmarks_lie_on_the_persons_left(skeleton):
    points = skeleton.pose(np.eye(3)[None, None].repeat(24, 1), np.zeros((1, 10))).points[0]
    x = dict(zip(skeleton.landmarks, points[:, 0], strict=True))
    for left, right in ((7, 8), (11, 12), (15, 16), (19, 20), (23, 24), (27, 28), (29, 30)):
        assert x[left] > 0.01 and x[right] < -0.01


def test_point_jacobian_equals_differences(skeleton):
    local, betas = random_pose(2)
    pose = skeleton.pose(local, betas)
    jacobian = skeleton.point_jacobian(pose)
    step = 1e-6
    for joint in range(24):
        for axis in range(3):
            turned = local.copy()
            turned[:, joint] = (
                turned[:, joint] @ Rotation.from_rotvec(step * np.eye(3)[axis]).as_matrix()
            )
            moved = (skeleton.pose(turned, betas).points - pose.points) / step
            np.testing.assert_allclose(jacobian[:, :, joint, :, axis], moved, atol=1e-5)


def test_shape_derivative_equals_differences(skeleton):
    local, betas = random_pose(2)
    pose = skeleton.pose(local, betas)
    for k in range(10):
        more = betas.copy()
        more[:, k] += 1e-4
        moved = (skeleton.pose(local, more).points - pose.points) / 1e-4
        np.testing.assert_allclose(pose.points_shape[..., k], moved, atol=1e-7)

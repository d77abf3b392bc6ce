"""The fit against people whose truth is known: bodies posed inside the limits, projected."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, read_body_file
from humans4d_core.recovery.landmarks.joint_limits import ACTIVE_JOINTS, joint_limits
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.recovery.landmarks.landmark_fit import LandmarkFit


@pytest.fixture(scope="module")
def fit():
    return LandmarkFit(LandmarkSkeleton(read_body_file(EMBEDDED_BODY)))


def people(fit, n, seed=0):
    """(rays, world, points) of n people 2 to 8 m away, in everyday poses, facing anywhere."""
    rng = np.random.default_rng(seed)
    low, high, spread = joint_limits()
    angles = np.clip(rng.normal(0, 0.5, (n, *low.shape)) * np.minimum(spread, 3), low, high)
    local = np.broadcast_to(np.eye(3), (n, 24, 3, 3)).copy()
    local[:, ACTIVE_JOINTS] = (
        Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(n, -1, 3, 3)
    )
    upright = Rotation.from_euler("x", 180, degrees=True)  # SMPL's y up, the camera's y down
    turn = Rotation.from_euler("y", rng.uniform(0, 360, (n, 1)), degrees=True)
    local[:, 0] = (upright * turn).as_matrix()
    betas = np.zeros((n, 10))
    betas[:, 0] = fit.config.mean_stature_beta
    posed = fit.skeleton.pose(local, betas).points
    depth = rng.uniform(2, 8, n)
    translation = np.stack((depth * rng.uniform(-0.4, 0.4, n), depth * 0.05, depth), -1)
    points = posed + translation[:, None]
    return points[..., :2] / points[..., 2:], posed, points


def test_known_people_are_found_where_they_are(fit):
    rays, world, points = people(fit, 40)
    result = fit(rays, world, np.ones(rays.shape[:2]))
    projected = result.points[..., :2] / result.points[..., 2:]
    across = np.linalg.norm(projected - rays, axis=-1) * points[..., 2]
    assert np.median(across) < 0.01 and np.percentile(across, 99) < 0.05
    distance = np.linalg.norm(result.points.mean(1) - points.mean(1), axis=-1)
    assert np.median(distance / points[..., 2].mean(1)) < 0.02


def test_angles_stay_inside_the_joint_limits(fit):
    rng = np.random.default_rng(1)
    rays, world, _ = people(fit, 20)
    world = world + rng.normal(0, 0.15, world.shape)  # landmarks no joint can follow
    result = fit(rays, world, np.ones(rays.shape[:2]))
    low, high, _ = joint_limits()
    local = result.local_rotations[:, ACTIVE_JOINTS].reshape(-1, 3, 3)
    angles = Rotation.from_matrix(local).as_rotvec().reshape(len(rays), -1, 3)
    # No corner of the limits is longer than pi: the angles of a matrix are those that were clipped.
    assert (angles[:, 1:] >= low[1:] - 1e-6).all() and (angles[:, 1:] <= high[1:] + 1e-6).all()


def test_a_hidden_landmark_does_not_pull_the_image_fit(fit):
    rays, world, points = people(fit, 10)
    wrong = np.flatnonzero(fit.skeleton.landmarks == 15)[0]
    moved, weights = rays.copy(), np.ones(rays.shape[:2])
    moved[:, wrong] += 0.3
    weights[:, wrong] = 0
    result = fit(moved, world, weights)
    projected = result.points[..., :2] / result.points[..., 2:]
    across = np.linalg.norm(projected - rays, axis=-1) * points[..., 2]
    assert np.median(across[:, wrong]) < 0.05


def test_people_of_a_batch_do_not_influence_each_other(fit):
    rays, world, _ = people(fit, 6)
    weights = np.ones(rays.shape[:2])
    together = fit(rays, world, weights)
    alone = fit(rays[3:4], world[3:4], weights[3:4])
    np.testing.assert_allclose(together.points[3:4], alone.points, atol=1e-8)


def test_more_steps_never_make_it_worse(fit):
    rays, world, _ = people(fit, 20, seed=2)
    weights = np.ones(rays.shape[:2])
    start = LandmarkFit(fit.skeleton, type(fit.config)(iterations=0))(rays, world, weights)
    end = fit(rays, world, weights)
    assert end.image_error.mean() < 0.3 * start.image_error.mean()

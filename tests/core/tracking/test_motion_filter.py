"""The filters: real time steps, honest covariances."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.tracking import motion_filter as motions
from humans4d_core.types import Pose

SPEED, TAU = 0.9, 10.0


def observed(people_at, positions, **options):
    bodies = people_at(positions, **options)
    return motions.observe(bodies, np.arange(len(bodies)))


@pytest.mark.parametrize("steps", [2, 7, 1000])
def test_many_small_steps_equal_one_large_step(people_at, steps):
    whole = motions.start(observed(people_at, [(0, 0, 5), (1, 0, 9)]), SPEED)
    whole.pelvis[:, 3:] = (0.5, 0, 0)
    parts = whole
    for _ in range(steps):
        parts = motions.predict(parts, 3.0 / steps, SPEED, TAU)
    whole = motions.predict(whole, 3.0, SPEED, TAU)
    np.testing.assert_allclose(parts.pelvis, whole.pelvis, rtol=1e-9)
    np.testing.assert_allclose(
        parts.pelvis_covariance, whole.pelvis_covariance, rtol=1e-4, atol=1e-9
    )


def test_short_predictions_are_of_constant_velocity_and_long_ones_come_to_rest(people_at):
    motion = motions.start(observed(people_at, (0, 0, 5)), SPEED)
    motion.pelvis[:, 3] = 1.0
    assert motions.predict(motion, 0.5, SPEED, TAU).pelvis[0, 0] == pytest.approx(0.5, rel=0.05)
    rested = motions.predict(motion, 1000.0, SPEED, TAU)
    assert rested.pelvis[0, 0] == pytest.approx(TAU)
    assert rested.pelvis[0, 3] == pytest.approx(0, abs=1e-9)
    assert rested.pelvis_covariance[0, 3, 3] == pytest.approx(SPEED**2)


def test_no_time_changes_nothing(people_at):
    motion = motions.start(observed(people_at, (0, 0, 5)), SPEED)
    same = motions.predict(motion, 0.0, SPEED, TAU)
    np.testing.assert_array_equal(same.pelvis_covariance, motion.pelvis_covariance)
    np.testing.assert_array_equal(same.box_covariance, motion.box_covariance)


def test_position_is_surer_across_the_ray_than_along_it(people_at):
    motion = motions.start(observed(people_at, (0, 0, 6)), SPEED)
    for _ in range(10):
        motion = motions.predict(motion, 0.1, SPEED, TAU)
        motion = motions.update(motion, observed(people_at, (0, 0, 6)))
    covariance = motion.pelvis_covariance[0]
    assert covariance[2, 2] > 10 * covariance[0, 0]


def test_errors_of_the_filter_are_as_large_as_its_covariance_says(people_at):
    """Normalised squared error of 300 people near its 3 degrees of freedom (NEES)."""
    random = np.random.default_rng(0)
    n, seconds = 300, 0.1
    position = random.uniform((-2, -0.2, 4), (2, 0.2, 8), (n, 3))
    velocity = random.normal(0, SPEED, (n, 3))
    decay = np.exp(-seconds / TAU)
    sigma = SPEED * np.sqrt(1 - decay**2)
    motion = None
    for _ in range(25):
        clean = observed(people_at, position)
        noise = np.linalg.cholesky(clean.pelvis_covariance) @ random.normal(size=(n, 3, 1))
        seen = motions.Observation(clean.pelvis + noise[..., 0], clean.pelvis_covariance, clean.box)
        if motion is None:
            motion = motions.start(seen, SPEED)
        else:
            motion = motions.update(motions.predict(motion, seconds, SPEED, TAU), seen)
        error = motion.pelvis[:, :3] - position
        velocity_next = decay * velocity + random.normal(0, sigma, (n, 3))
        position = position + seconds * (velocity + velocity_next) / 2
        position[:, 2] = np.maximum(position[:, 2], 1.0)
        velocity = velocity_next
    covariance = motion.pelvis_covariance[:, :3, :3]
    nees = np.einsum("ni,ni->n", error, np.linalg.solve(covariance, error[..., None])[..., 0])
    assert 2.0 < nees.mean() < 4.5


def test_rows_are_filtered_independently(people_at):
    positions = [(0, 0, 5), (1, 0, 9), (-2, 0, 7)]
    batch = motions.start(observed(people_at, positions), SPEED)
    batch = motions.predict(batch, 0.3, SPEED, TAU)
    batch = motions.update(batch, observed(people_at, positions))
    for k, position in enumerate(positions):
        alone = motions.start(observed(people_at, position), SPEED)
        alone = motions.update(
            motions.predict(alone, 0.3, SPEED, TAU), observed(people_at, position)
        )
        np.testing.assert_allclose(alone.pelvis_covariance[0], batch.pelvis_covariance[k])
        np.testing.assert_allclose(alone.box[0], batch.box[k])


def test_a_covariance_that_is_none_is_repaired():
    broken = np.array([[[1.0, 2, 0], [2, 1, 0], [0, 0, 0]]])
    repaired = motions.positive_definite(broken, 0.01)
    assert np.linalg.eigvalsh(repaired).min() == pytest.approx(0.01)
    good = np.diag([1.0, 2, 3])[None]
    np.testing.assert_allclose(motions.positive_definite(good, 0.01), good, atol=1e-12)


@pytest.mark.parametrize("position", [(0, 0, 5), (1.5, 0.1, 6), (-2, 0, 9)])
def test_a_moved_camera_sees_a_standing_person_where_the_filter_expects_it(
    people_at, camera, position
):
    """Shift and scale of the box, place and covariance in the new axes."""
    turn = Rotation.from_euler("yx", (0.12, -0.03)).as_matrix()
    new_from_old = Pose(turn, (0.2, 0.05, -0.4))
    motion = motions.start(observed(people_at, position), SPEED)
    motion.pelvis[:, 3:] = (0.5, 0, 0.2)
    moved = motions.seen_from(motion, new_from_old, camera)
    there = new_from_old.apply(np.array(position))
    seen = observed(people_at, there)
    np.testing.assert_allclose(moved.pelvis[0, :3], there, atol=1e-6)
    np.testing.assert_allclose(moved.pelvis[0, 3:], turn @ (0.5, 0, 0.2), atol=1e-9)
    np.testing.assert_allclose(moved.box[0, :2, 0], seen.box[0, :2], atol=3)
    assert moved.box[0, 2, 0] == pytest.approx(seen.box[0, 2], abs=0.02)
    ray = there / np.linalg.norm(there)
    along = ray @ moved.pelvis_covariance[0, :3, :3] @ ray
    assert along > 0.9 * np.linalg.eigvalsh(moved.pelvis_covariance[0, :3, :3])[-1]
    assert (moved.box_covariance[..., 0, 0] > motion.box_covariance[..., 0, 0]).all()


def test_there_and_back_is_nowhere(people_at, camera):
    motion = motions.start(observed(people_at, [(0.5, 0, 5), (-1, 0, 8)]), SPEED)
    way = Pose(Rotation.from_euler("y", 0.2).as_matrix(), (0.1, 0, -0.3))
    back = motions.seen_from(motions.seen_from(motion, way, camera), way.inverse(), camera)
    np.testing.assert_allclose(back.pelvis, motion.pelvis, atol=1e-9)
    np.testing.assert_allclose(back.pelvis_covariance, motion.pelvis_covariance, atol=1e-9)
    np.testing.assert_allclose(back.box, motion.box, atol=1e-6)

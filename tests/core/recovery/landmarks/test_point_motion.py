"""A Kalman filter of points: its covariance says how far off it is."""

import numpy as np
import pytest

from humans4d_core.recovery.landmarks.point_motion import PointMotion

SECONDS, NOISE, SIGMA = 0.05, 2.0, 0.03


def moving_points(rng, people=4000, steps=40):
    """(T, people, 1, 1) places of points whose velocity is a random walk, and measurements."""
    covariance = NOISE * np.array([[SECONDS**3 / 3, SECONDS**2 / 2], [SECONDS**2 / 2, SECONDS]])
    shocks = rng.multivariate_normal((0, 0), covariance, (steps, people))
    position, velocity = np.zeros(people), rng.normal(0, 1.0, people)
    places = []
    for shock in shocks:
        position = position + SECONDS * velocity + shock[:, 0]
        velocity = velocity + shock[:, 1]
        places.append(position)
    places = np.array(places)[..., None, None]
    return places, places + rng.normal(0, SIGMA, places.shape)


def filtered(measured, outlier=np.inf):
    people = measured.shape[1]
    variance = np.full((people, 1), SIGMA**2)
    motion = PointMotion.at(measured[0], variance, np.ones((people, 1)))
    surprises = []
    for position in measured[1:]:
        motion = motion.predicted(np.full(people, SECONDS), np.full((people, 1), NOISE))
        surprises.append(motion.surprise(position, variance).mean())
        motion = motion.updated(position, variance, outlier)
    return motion, surprises


def test_the_covariance_is_that_of_the_errors():
    true, measured = moving_points(np.random.default_rng(0))
    motion, surprises = filtered(measured)
    error = (motion.position - true[-1]).ravel()
    assert error.std() == pytest.approx(np.sqrt(motion.covariance[0, 0, 0, 0]), rel=0.05)
    assert abs(error.mean()) < 0.002
    assert error.std() < 0.85 * SIGMA
    np.testing.assert_allclose(surprises[5:], 1, atol=0.12)


def test_a_steady_way_is_followed_without_lag():
    times = SECONDS * np.arange(200)
    ways = np.stack([times * 1.5, -0.4 * times], 1)[:, None, None]  # (T, 1, 1, 2)
    motion = PointMotion.at(ways[0], np.full((1, 1), SIGMA**2), np.ones((1, 1)))
    for position in ways[1:]:
        motion = motion.predicted(np.full(1, SECONDS), np.full((1, 1), NOISE))
        motion = motion.updated(position, np.full((1, 1), SIGMA**2))
    np.testing.assert_allclose(motion.position, ways[-1], atol=1e-3)
    np.testing.assert_allclose(motion.velocity[0, 0], (1.5, -0.4), atol=1e-3)


def test_two_short_steps_predict_what_a_long_one_does():
    rng = np.random.default_rng(1)
    start = PointMotion.at(rng.normal(size=(3, 2, 3)), np.full((3, 2), 0.01), np.ones((3, 2)))
    noise = np.full((3, 2), NOISE)
    once = start.predicted(np.full(3, 0.3), noise)
    twice = start.predicted(np.full(3, 0.1), noise).predicted(np.full(3, 0.2), noise)
    np.testing.assert_allclose(twice.position, once.position)
    np.testing.assert_allclose(twice.covariance, once.covariance)


def test_an_outlier_moves_less_the_further_off_it_is():
    start = PointMotion.at(np.zeros((3, 1, 2)), np.full((3, 1), 0.01), np.ones((3, 1)))
    far = np.zeros((3, 1, 2))
    far[:, 0, 0] = 0.1, 1.0, 10.0
    moved = start.updated(far, np.full((3, 1), 0.01), outlier=3.0).position[:, 0, 0]
    share = moved / far[:, 0, 0]
    assert share[0] == pytest.approx(0.5) and share[1] < 0.2 and share[2] < 0.01


def test_other_axes_turn_places_and_velocities():
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    motion = PointMotion.at(np.array([[[1.0, 2, 3]]]), np.ones((1, 1)), np.ones((1, 1)))
    np.testing.assert_allclose(motion.turned(turn).position[0, 0], (-2, 1, 3))
    back = motion.turned(turn).turned(turn.T)
    np.testing.assert_allclose(back.position, motion.position)

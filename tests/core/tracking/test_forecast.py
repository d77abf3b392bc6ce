"""Where people will be: what planners steer around."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.tracking import Tracker
from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.types import Pose, TrackState

TIMES = (0.0, 0.5, 1.0, 2.0)


def followed(tracker, frame_at, people_at, frames=30, camera_speed=None):
    for k in range(frames):
        t, frame = k / 10, frame_at(k / 10)
        positions = np.array([(1, 0, 8), (-1.5 + 0.5 * t, 0, 6)])
        if camera_speed is not None:
            here = np.multiply(camera_speed, t)
            frame = replace(frame, fixed_from_camera=Pose(np.eye(3), here))
            positions = positions - here
        people = tracker.update(frame, people_at(positions))
    return people


@pytest.mark.parametrize("make", [Tracker, lambda: PhalpTracker(PhalpConfig(min_box_px=(0, 0)))])
def test_a_walker_is_expected_ahead_and_with_growing_doubt(frame_at, people_at, make):
    tracker = make()
    people = followed(tracker, frame_at, people_at)
    forecast = tracker.forecast(TIMES)
    assert forecast.positions_cam.shape == (2, 4, 3)
    assert forecast.covariances_cam.shape == (2, 4, 3, 3)
    expected = people.bodies.pelvis_cam[1] + np.outer(TIMES, (0.5, 0, 0))
    np.testing.assert_allclose(forecast.positions_cam[1], expected, atol=0.2)
    values = np.linalg.eigvalsh(forecast.covariances_cam)
    assert (values[:, 0] > 0).all()
    assert (np.diff(values, axis=1) > 0).all()
    np.testing.assert_allclose(
        forecast.covariances_cam[:, 0], people.position_covariance_cam, rtol=1e-3, atol=1e-6
    )


def test_the_forecast_is_what_an_unseen_person_is_predicted_to_do(frame_at, people_at):
    tracker = Tracker()
    before = followed(tracker, frame_at, people_at)
    forecast = tracker.forecast([0.0, 1.0])
    for k in range(30, 40):
        people = tracker.update(frame_at(k / 10), people_at(np.zeros((0, 3))))
    moved = people.bodies.pelvis_cam - before.bodies.pelvis_cam
    expected = forecast.positions_cam[:, 1] - forecast.positions_cam[:, 0]
    np.testing.assert_allclose(moved, expected, atol=1e-4)
    np.testing.assert_allclose(
        people.position_covariance_cam, forecast.covariances_cam[:, 1], rtol=1e-3, atol=1e-6
    )


def test_a_driving_camera_does_not_drag_the_forecast_along(frame_at, people_at):
    tracker = Tracker()
    people = followed(tracker, frame_at, people_at, camera_speed=(0, 0, 0.7))
    forecast = tracker.forecast([2.0])
    expected = people.bodies.pelvis_cam + [(0, 0, 0), (1, 0, 0)]
    np.testing.assert_allclose(forecast.positions_cam[:, 0], expected, atol=0.35)


def test_rows_are_those_of_the_people_last_published(frame_at, people_at):
    tracker = Tracker()
    assert tracker.forecast(TIMES).positions_cam.shape == (0, 4, 3)
    followed(tracker, frame_at, people_at, frames=10)
    people = tracker.update(frame_at(4), people_at([(1, 0, 8)]))
    assert TrackState.LOST in people.states.tolist()
    forecast = tracker.forecast([1.0])
    assert len(forecast) == len(people)
    assert tracker.forecast([]).positions_cam.shape == (len(people), 0, 3)
    tracker.reset()
    assert len(tracker.forecast([1.0])) == 0


@pytest.mark.parametrize("seconds", [[-1.0], [np.nan], [0.5, np.inf]])
def test_the_past_is_not_forecast(seconds):
    with pytest.raises(Humans4dError, match="0 or more"):
        Tracker().forecast(seconds)

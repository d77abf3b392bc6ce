"""Predicted places and their intervals equal the released tracker's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.batch import joined
from humans4d_core.tracking.phalp import location_prediction as location
from humans4d_core.tracking.phalp.distances import TOKEN_SIZE


def as_locations(released):
    """Locations (*, 3) of released ones (*, >= 5): x, y, camera translation."""
    values = released.astype(np.float64)
    return np.stack((values[..., 0], values[..., 1], np.log(values[..., 4])), axis=-1)


def assert_equals_released(prediction, released):
    """released (M, 8): x, y, camera translation, interval x, interval y, factor of depth."""
    np.testing.assert_allclose(prediction.center, released[:, :2], atol=5e-6)
    np.testing.assert_allclose(np.exp(prediction.log_depth), released[:, 4], rtol=5e-6)
    np.testing.assert_allclose(prediction.center_doubt, np.hypot(*released[:, 5:7].T), atol=5e-6)
    np.testing.assert_allclose(prediction.depth_doubt, abs(np.log(released[:, 7])), atol=2e-5)


def test_predictions_and_intervals_equal_the_released_ones(distances):
    history = location.History(
        distances["loc_times"], as_locations(distances["loc_hist"]), np.zeros((5, 7, TOKEN_SIZE))
    )
    prediction = location.predicted(history, distances["loc_tsu"])
    assert_equals_released(prediction, distances["loc_pred_EQ019"])


def test_the_interval_equals_the_released_formula(distances):
    """Its fit is given there; here it comes from a ridge that reproduces that fit."""
    times, values = distances["pi_x"][None], distances["pi_y"] - distances["pi_yhat"]
    # Residuals that a regression leaves alone: no mean and no slope of their own.
    design = np.column_stack((np.ones(7), times[0]))
    residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    _, width = location.ridge_prediction(
        times, (residual + 0.1 * times[0])[None, :, None], distances["pi_xhat"][None], np.zeros(1)
    )
    scale = np.linalg.norm(residual) / np.linalg.norm(values)
    assert width[0, 0] == pytest.approx(distances["pi_out"] * scale, rel=1e-9)


def test_a_whole_run_with_occlusions_and_a_cut_is_predicted_as_released(scenario):
    shot_frames = scenario["shot_frames"]
    tracks, released = scenario["EQ019_identity_tracks"], scenario["EQ019_identity_predicted"]
    history, ids = location.History.empty(), np.zeros(0, int)
    compared = 0
    for time in range(150):
        now = tracks[:, 0] == time
        _, track_ids, _, hits, _, frames_unseen, bodies = tracks[now].T
        rows = np.flatnonzero(scenario["frame"] == time)
        seen_at = dict(zip(scenario["det_idx"][rows], scenario["loca"][rows], strict=True))
        places = as_locations(np.array([seen_at.get(b, np.ones(5)) for b in bodies]))
        is_old = hits + frames_unseen > 1
        history = history.select(np.isin(ids, track_ids))
        seen, tokens = (bodies >= 0) & is_old, np.zeros((len(bodies), TOKEN_SIZE))
        history = location.extended(
            history, seen[is_old], time, places[seen], tokens[seen], time in shot_frames
        )
        history = joined((history, location.begun(time, places[~is_old], tokens[~is_old])))
        ids = track_ids
        prediction = location.predicted(history, frames_unseen)
        assert_equals_released(prediction.select(is_old), released[now][is_old])
        compared += is_old.sum()
    assert compared > 700


def test_a_track_seen_once_stays_where_it_is_and_doubts_everything():
    prediction = location.predicted(
        location.begun(3, np.array([[0.2, 0.4, 1.5]]), np.zeros((1, TOKEN_SIZE))), np.zeros(1, int)
    )
    np.testing.assert_allclose(prediction.center, [[0.2, 0.4]], rtol=1e-12)
    np.testing.assert_allclose(prediction.log_depth, [1.5], rtol=1e-12)
    assert np.isinf(prediction.center_doubt).all() and np.isinf(prediction.depth_doubt).all()


def test_nobody_is_extrapolated_beyond_48_frames():
    history = location.begun(0, np.zeros((1, 3)), np.zeros((1, TOKEN_SIZE)))
    for time in range(1, 8):
        history = location.extended(
            history, np.ones(1, bool), time, np.full((1, 3), 0.01 * time),
            np.zeros((1, TOKEN_SIZE)), False,
        )  # fmt: skip
    at_48, at_49, at_47 = (location.predicted(history, np.array([k])) for k in (48, 49, 47))
    np.testing.assert_array_equal(at_48.center, at_49.center)
    assert (at_47.center != at_48.center).all()


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_tracks_predicted_together_equal_tracks_predicted_alone(count, seed):
    random = np.random.default_rng(seed)
    times = np.sort(random.integers(0, 30, (count, 7)), axis=1)
    history = location.History(
        times, random.normal(size=(count, 7, 3)), np.zeros((count, 7, TOKEN_SIZE))
    )
    unseen = random.integers(0, 60, count)
    together = location.predicted(history, unseen)
    for k in range(count):
        alone = location.predicted(history.select([k]), unseen[[k]])
        for name in ("center", "log_depth", "center_doubt", "depth_doubt"):
            one, all_ = getattr(alone, name)[0], getattr(together, name)[k]
            np.testing.assert_allclose(one, all_, rtol=1e-9, atol=1e-12)

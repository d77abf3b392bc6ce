"""The cost equals the released tracker's where that is right."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from humans4d_core.tracking.phalp.distances import depth_distance, location_distance, pose_distance
from humans4d_core.tracking.phalp.phalp_cost import EQUATIONS, assign, association_cost


def parts(distances):
    """P, L, N, c_xy, c_n of the 5 tracks and 3 bodies."""
    tracks = distances["track_loca"].astype(np.float64)
    bodies = distances["det_loca"].astype(np.float64)
    return (
        pose_distance(*(distances[k].astype(np.float64) for k in ("track_pose", "det_pose"))),
        location_distance(tracks[:, :2], bodies[:, :2]),
        depth_distance(np.log(tracks[:, 4]), np.log(bodies[:, 4])),
        np.hypot(*tracks[:, 5:7].T),
        np.abs(np.log(tracks[:, 7])),
    )


def test_distances_equal_the_released_ones(distances):
    pose, location, depth, location_doubt, depth_doubt = parts(distances)
    for looks in ("TPL", "APL"):
        for shot in (0, 1):

            def recorded(name, looks=looks, shot=shot):
                return distances[f"dist_{looks}_{name}_shot{shot}"]

            np.testing.assert_allclose(pose, recorded("P0"), rtol=1e-3)
            np.testing.assert_allclose(location, recorded("L0"), atol=2e-6)
            np.testing.assert_allclose(depth, recorded("N0"), atol=2e-6)
            np.testing.assert_allclose(location_doubt, recorded("LC")[:, 0], atol=2e-6)
            np.testing.assert_allclose(depth_doubt, recorded("NC")[:, 0], atol=2e-6)


@pytest.mark.parametrize("looks", ["TPL", "APL"])
@pytest.mark.parametrize("equation", ["EQ_019", "EQ_010"])
def test_costs_within_a_shot_equal_the_released_ones(distances, equation, looks):
    appearance = distances[f"dist_{looks}_A0_shot0"]
    cost = association_cost(appearance, *parts(distances), EQUATIONS[equation], False)
    np.testing.assert_allclose(cost, distances[f"dist_{looks}_{equation}_shot0"], rtol=2e-4)


def test_costs_between_shots_equal_the_released_ones(distances):
    appearance = distances["dist_APL_A0_shot1"]  # what EQ_010 looks at there, whatever was asked
    cost = association_cost(appearance, *parts(distances), EQUATIONS["EQ_010"], True)
    for looks in ("TPL", "APL"):
        np.testing.assert_allclose(cost, distances[f"dist_{looks}_EQ_010_shot1"], rtol=5e-5)


@pytest.mark.parametrize("equation", EQUATIONS.values(), ids=EQUATIONS)
def test_both_equations_forget_places_between_shots(distances, equation):
    appearance = distances["dist_APL_A0_shot1"]
    pose, location, depth, *doubts = parts(distances)
    cost = association_cost(appearance, pose, location, depth, *doubts, equation, True)
    elsewhere = association_cost(appearance, pose, location + 5, depth + 2, *doubts, equation, True)
    np.testing.assert_array_equal(cost, elsewhere)
    within = association_cost(appearance, pose, location, depth, *doubts, equation, False)
    assert (cost != within).all()


def test_what_is_unknown_is_refused_and_what_is_far_does_not_overflow():
    one = np.ones((1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost = association_cost(
            one, one, one * 1e6, one, np.zeros(1), np.zeros(1), EQUATIONS["EQ_019"], False
        )
    assert assign(cost, 100.0).tolist() == [-1]
    for k in range(4):
        terms = [one] * 4
        terms[k] = one * np.nan
        unknown = association_cost(
            *terms, np.full(1, np.inf), np.full(1, np.inf), EQUATIONS["EQ_010"], False
        )
        assert assign(unknown, 100.0).tolist() == [-1]


def test_a_nan_cost_never_beats_a_dear_one():
    cost = np.array([[np.nan, 90.0], [95.0, np.nan]])
    assert assign(cost, 100.0).tolist() == [1, 0]
    assert assign(np.full((3, 2), np.nan), 100.0).tolist() == [-1, -1, -1]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nobody_is_assigned_to_nobody(shape):
    assert assign(np.zeros(shape), 100.0).tolist() == [-1] * shape[0]


COSTS = st.one_of(st.floats(1, 200), st.just(np.nan), st.just(np.inf))


@given(arrays(np.float64, st.tuples(st.integers(0, 6), st.integers(0, 6)), elements=COSTS))
def test_every_body_goes_to_one_track_at_most_and_never_above_the_limit(cost):
    match = assign(cost, 100.0)
    rows = np.flatnonzero(match >= 0)
    assert len(set(match[rows])) == len(rows)
    assert (cost[rows, match[rows]] <= 100.0).all()
    # Nothing cheap enough is left lying: a free track and a free body have no admissible pair.
    free = np.setdiff1d(np.arange(cost.shape[1]), match)
    assert not (cost[np.ix_(match < 0, free)] <= 100.0).any()

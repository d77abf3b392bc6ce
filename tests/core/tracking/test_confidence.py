"""Probabilities that a person is there: in bounds, in the right order, whatever the detector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.tracking.confidence import MOST_SURE, confidence, surety
from humans4d_core.types import TrackState

STATES = [TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST]
shares = st.floats(0, 1)


@given(st.sampled_from(STATES), st.floats(0, MOST_SURE), st.floats(0, MOST_SURE), st.floats(0, 10))
def test_it_is_a_probability_and_nobody_who_is_lost_is_there(state, mean, present, spread):
    arrays = (np.array([value]) for value in (state, mean, present, spread))
    (value,) = confidence(*arrays)
    assert 0 <= value <= 1
    assert (value == 0) == (state == TrackState.LOST)


def test_surer_bodies_and_better_known_places_are_more_probable():
    seen = np.full(3, TrackState.CONFIRMED)
    rising, equal = np.array([0.5, 1.0, 2.0]), np.ones(3)
    assert (np.diff(confidence(seen, rising, equal, equal)) > 0).all()
    assert (np.diff(confidence(seen, equal, rising, equal)) > 0).all()
    hidden = np.full(3, TrackState.OCCLUDED)
    assert (np.diff(confidence(hidden, equal, equal, rising)) < 0).all()


def test_a_person_who_is_seen_is_more_probable_than_one_who_is_new_or_hidden():
    states = np.array([TrackState.CONFIRMED, TrackState.TENTATIVE, TrackState.OCCLUDED])
    values = confidence(states, np.full(3, 2.0), np.full(3, 2.0), np.full(3, 0.1))
    assert values[0] > 0.9 and (values[1:] < 0.6).all()


@given(shares, st.floats(0.01, 0.99))
def test_surety_is_one_at_the_start_score_and_grows_with_the_score(score, start):
    assert surety(np.array([start]), start)[0] == pytest.approx(1)
    low, high = surety(np.sort(np.array([score, start])), start)
    assert 0 <= low <= high <= MOST_SURE

"""What holds for every input."""

from dataclasses import fields

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humans4d_core.config.part_config import info_of
from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.types import TrackState

T, C, O, L = TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST  # noqa: E741
LEGAL = {None: {T}, T: {T, C, L}, C: {C, O, L}, O: {C, O, L}}

#: A film: seed of the people's paths, number of people, and per frame a step (s) and a recall.
films = st.tuples(
    st.integers(0, 2**32 - 1),
    st.integers(1, 6),
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.01, 0.1, 0.5, 3.0]), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=1,
        max_size=25,
    ),
)
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def play(film, frame_at, people_at):
    """Frames and bodies of a film, with a generator to shuffle them by."""
    seed, count, steps = film
    random, t = np.random.default_rng(seed), 0.0
    positions = random.uniform((-2, -0.3, 3), (2, 0.3, 10), (count, 3))
    velocity = random.normal(0, 0.7, (count, 3)) * (1, 0, 1)
    for step, recall in steps:
        t += step
        positions = positions + velocity * min(step, 0.5)
        positions[:, 2] = np.maximum(positions[:, 2], 1)
        seen = random.random(count) < recall
        scores = random.uniform(0.05, 1, seen.sum())
        error = random.normal(0, 0.15, seen.sum()).clip(-0.5, 0.5)
        yield frame_at(t), people_at(positions[seen], scores, error), random


@quick
@given(film=films)
def test_ids_are_unique_and_states_change_legally(frame_at, people_at, film):
    tracker, states = Tracker(), {}
    for frame, bodies, _ in play(film, frame_at, people_at):
        people = tracker.update(frame, bodies)
        ids = people.track_ids.tolist()
        assert ids == sorted(set(ids)) and 0 not in ids
        now = {i: TrackState(s) for i, s in zip(ids, people.states, strict=True)}
        for i, state in now.items():
            assert state in LEGAL[states.get(i)]
        assert {i for i, s in states.items() if s != L} <= set(now)
        states.update(now)
        assert ((people.confidence >= 0) & (people.confidence <= 1)).all()
        seen_now = people.last_seen_ns == frame.stamp_ns
        assert seen_now[people.states == C].all()


@quick
@given(film=films)
def test_covariances_are_symmetric_positive_definite(frame_at, people_at, film):
    tracker = Tracker()
    for frame, bodies, _ in play(film, frame_at, people_at):
        people = tracker.update(frame, bodies)
        for covariance in (people.position_covariance_cam, people.velocity_covariance_cam):
            assert covariance.dtype == np.float32
            np.testing.assert_array_equal(covariance, covariance.transpose(0, 2, 1))
            assert (np.linalg.eigvalsh(covariance) > 0).all()
            np.linalg.cholesky(covariance)


@quick
@given(film=films)
def test_the_order_of_the_bodies_does_not_matter(frame_at, people_at, film):
    one, other = Tracker(), Tracker()
    for frame, bodies, random in play(film, frame_at, people_at):
        a = one.update(frame, bodies)
        b = other.update(frame, bodies.select(random.permutation(len(bodies))))
        np.testing.assert_array_equal(a.track_ids, b.track_ids)
        np.testing.assert_array_equal(a.states, b.states)
        np.testing.assert_array_equal(a.bodies.vertices_cam, b.bodies.vertices_cam)
        np.testing.assert_array_equal(a.velocity_cam, b.velocity_cam)


def any_config(draw, kind=TrackerConfig):
    """A configuration of allowed values, the ends of the ranges among them."""
    values = {}
    for item in fields(kind):
        if not item.metadata:
            values[item.name] = any_config(draw, type(item.default))
            continue
        low, high = info_of(item).low, info_of(item).high
        if low is None:
            values[item.name] = draw(st.booleans())
        elif isinstance(item.default, int):
            values[item.name] = draw(st.integers(low, high))
        else:
            values[item.name] = draw(st.one_of(st.sampled_from([low, high]), st.floats(low, high)))
    if values.get("start_score"):
        values["start_score"] = max(values["start_score"], values["continue_score"])
    return kind(**values)


@quick
@given(film=films, config=st.composite(any_config)())
def test_numbers_are_sane_with_any_allowed_parameters(frame_at, people_at, film, config):
    """What the node promises of everything it publishes; a planner's costs are made of it."""
    tracker = Tracker(config)
    for frame, bodies, _ in play(film, frame_at, people_at):
        people = tracker.update(frame, bodies)
        assert (np.abs(people.bodies.pelvis_cam) < 1e4).all()
        assert (np.abs(people.velocity_cam) <= 30).all()
        for covariance in (people.position_covariance_cam, people.velocity_covariance_cam):
            assert (np.linalg.eigvalsh(covariance) > 0).all()
        forecast = tracker.forecast([0.1, 1.0, 10.0])
        assert (np.abs(forecast.positions_cam) < 1e5).all()
        assert (np.linalg.eigvalsh(forecast.covariances_cam.astype(float)) > 0).all()
        spread = np.trace(forecast.covariances_cam, axis1=-2, axis2=-1)
        assert (np.diff(spread, axis=1) >= -1e-6 * spread[:, :-1]).all()

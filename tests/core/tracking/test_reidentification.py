"""Identities that clothes save: after a crossing, and after an absence."""

import numpy as np
import pytest

from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.tracking.appearance import Colors
from humans4d_core.tracking.reidentification import MOST_ABSENT, Absent, Shape, recognised
from humans4d_core.types import TrackState

RED_ON_BLUE = ((40, 40, 190), (150, 70, 40))
GREEN_ON_WHITE = ((60, 160, 50), (210, 210, 210))
GREY_ON_BLACK = ((150, 150, 150), (35, 35, 35))
NOBODY = np.zeros((0, 3))


def meet_unseen_and_turn_back(tracker, scene_at, clothes, light=1.0):
    """Two people walk towards each other, are unseen for a second, and walk back. Ids by side."""
    for k in range(56):
        t = k / 10
        x = 1.6 - 0.6 * t if t < 2.4 else 0.16 + 0.6 * (t - 2.8)
        seen = not 1.9 <= t < 3.1
        frame, bodies = scene_at(
            t, [(-x, 0, 6), (x, 0, 6)] if seen else NOBODY, clothes if seen else (),
            light if t > 2 else 1.0,
        )  # fmt: skip
        people = tracker.update(frame, bodies)
        if k == 15:
            before = people.track_ids[np.argsort(people.bodies.pelvis_cam[:, 0])].tolist()
    return before, people.track_ids[np.argsort(people.bodies.pelvis_cam[:, 0])].tolist()


@pytest.mark.parametrize("light", [1.0, 0.75])
def test_ids_follow_the_clothes_where_motion_is_deceived(scene_at, surface, light):
    clothes = [RED_ON_BLUE, GREEN_ON_WHITE]
    before, after = meet_unseen_and_turn_back(Tracker(surface=surface), scene_at, clothes, light)
    assert before == after
    without = Tracker(TrackerConfig(use_appearance=False), surface)
    before, after = meet_unseen_and_turn_back(without, scene_at, clothes, light)
    assert before == after[::-1]


def test_people_in_the_same_clothes_are_told_apart_by_motion_alone(scene_at, surface):
    clothes = [RED_ON_BLUE, RED_ON_BLUE]
    before, after = meet_unseen_and_turn_back(Tracker(surface=surface), scene_at, clothes)
    assert before == after[::-1]


@pytest.mark.parametrize("clothes", [(RED_ON_BLUE, GREEN_ON_WHITE), (RED_ON_BLUE, RED_ON_BLUE)])
def test_ids_do_not_jump_between_two_who_cross(scene_at, surface, clothes):
    tracker = Tracker(surface=surface)
    for k in range(40):
        t = k / 10
        positions = [(-1.8 + t, 0, 5), (1.8 - t, 0, 6.5)]
        people = tracker.update(*scene_at(t, positions, clothes))
    assert people.track_ids.tolist() == [1, 2]
    order = np.argsort(people.bodies.pelvis_cam[:, 2])
    first = tracker_order(scene_at, surface, clothes)
    assert people.track_ids[order].tolist() == first


def tracker_order(scene_at, surface, clothes):
    """Ids of the two, nearer one first, as they are given in the first image."""
    people = Tracker(surface=surface).update(*scene_at(0, [(-1.8, 0, 5), (1.8, 0, 6.5)], clothes))
    return people.track_ids[np.argsort(people.bodies.pelvis_cam[:, 2])].tolist()


def leave_and_return(tracker, scene_at, clothes_after, absence=6.0, light=1.0):
    """One walks about, is away, and somebody is there elsewhere. All (track, person, state)."""
    told = []
    for t in np.concatenate((np.arange(0, 2, 0.1), 2 + np.arange(0, absence, 0.5))):
        there = t < 2
        scene = scene_at(t, (0, 0, 5) if there else NOBODY, RED_ON_BLUE if there else ())
        people = tracker.update(*scene)
        told += list(zip(people.track_ids, people.person_ids, people.states, strict=True))
    for t in 2 + absence + np.arange(0, 1, 0.1):
        people = tracker.update(*scene_at(t, (1.2, 0, 6), clothes_after, light))
        told += list(zip(people.track_ids, people.person_ids, people.states, strict=True))
    return told


@pytest.mark.parametrize("light", [1.0, 0.8])
def test_who_returns_gets_a_new_track_id_and_the_old_person_id(scene_at, surface, light):
    told = leave_and_return(Tracker(surface=surface), scene_at, RED_ON_BLUE, light=light)
    assert told[-1] == (2, 1, TrackState.CONFIRMED)
    assert [t for t in told if t[2] == TrackState.LOST] == [(1, 1, TrackState.LOST)]
    # Final from CONFIRMED on: before, the track speaks for itself.
    for track, person, state in told:
        if track == 2:
            assert person == (1 if state == TrackState.CONFIRMED else 2)


@pytest.mark.parametrize(
    ("clothes", "config"),
    [
        (GREEN_ON_WHITE, TrackerConfig()),
        (GREY_ON_BLACK, TrackerConfig()),
        (RED_ON_BLUE, TrackerConfig(reidentify_seconds=3)),
        (RED_ON_BLUE, TrackerConfig(reidentify_seconds=0)),
        (RED_ON_BLUE, TrackerConfig(use_appearance=False)),
    ],
)
def test_somebody_else_or_too_late_is_a_new_person(scene_at, surface, clothes, config):
    told = leave_and_return(Tracker(config, surface), scene_at, clothes)
    assert told[-1] == (2, 2, TrackState.CONFIRMED)


def test_a_tracker_that_knows_no_surface_recognises_nobody(scene_at):
    assert leave_and_return(Tracker(), scene_at, RED_ON_BLUE)[-1][:2] == (2, 2)


def colors_like(values, num_points=40):
    """Colours of people, each of one colour (N, 3) all over."""
    values = np.asarray(values, np.float32)
    colors = Colors.unseen(len(values), num_points)
    colors.points[:] = values[:, None]
    colors.parts[:] = values[:, None]
    colors.point_confidence[:] = 0.9
    colors.part_confidence[:] = 0.9
    return colors


def absent_like(values, betas=None):
    n = len(values)
    betas = np.zeros((n, 10)) if betas is None else betas
    return Absent(
        np.arange(1, n + 1, dtype=np.uint32), np.arange(n, dtype=np.int64),
        colors_like(values), Shape.of(betas),
    )  # fmt: skip


FAR = ((20.0, 0, 0), (20, 6, 0), (20, 0, 6))


def test_each_newcomer_is_recognised_for_himself():
    rows, columns = recognised(
        colors_like(FAR[::-1]), Shape.of(np.zeros((3, 10))), absent_like(FAR)
    )
    assert dict(zip(rows.tolist(), columns.tolist(), strict=True)) == {0: 2, 1: 1, 2: 0}


def test_of_two_who_look_alike_neither_is_recognised():
    shape = Shape.of(np.zeros((2, 10)))
    twins = recognised(colors_like((FAR[0], FAR[0])), shape, absent_like(FAR[:1]))
    assert len(twins[0]) == 0
    doubles = recognised(colors_like(FAR[:1]), shape.select([0]), absent_like((FAR[0], FAR[0])))
    assert len(doubles[0]) == 0


def test_a_shape_that_contradicts_forbids():
    steady = Shape.of(np.zeros((1, 10)))
    other = Shape.of(np.full((1, 10), 2.0))
    for _ in range(30):
        steady, other = steady.updated(np.zeros((1, 10))), other.updated(np.full((1, 10), 2.0))
    absent = Absent(np.array([1], np.uint32), np.array([0]), colors_like(FAR[:1]), steady)
    assert len(recognised(colors_like(FAR[:1]), steady, absent)[0]) == 1
    assert len(recognised(colors_like(FAR[:1]), other, absent)[0]) == 0


def test_a_shape_is_the_mean_of_what_was_seen_and_knows_its_spread():
    random = np.random.default_rng(0)
    seen = random.normal(0.5, 0.3, (100, 1, 10)).astype(np.float32)
    shape = Shape.of(seen[0])
    for betas in seen[1:]:
        shape = shape.updated(betas)
    np.testing.assert_allclose(shape.mean[0], seen.mean(0)[0], atol=1e-3)
    np.testing.assert_allclose(np.sqrt(shape.variance[0]), 0.3, atol=0.1)


def test_the_absent_are_forgotten_by_age_and_by_number():
    n = MOST_ABSENT + 50
    absent = absent_like(np.zeros((n, 3)))
    assert absent.within(n - 10).person_ids.tolist() == list(range(n - 9, n + 1))
    kept = absent.within(0)
    assert len(kept) == MOST_ABSENT and kept.person_ids[-1] == n

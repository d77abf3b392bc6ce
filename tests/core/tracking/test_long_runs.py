"""Hours, empty half hours, and input that nobody should send: nothing raises, nothing leaks."""

import gc
import sys
from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.tracking.reidentification import MOST_ABSENT
from humans4d_core.types import People, Pose, TrackState


def finite(people: People) -> bool:
    arrays = [*vars(people).values(), *vars(people.bodies).values()]
    return all(np.isfinite(a).all() for a in arrays if isinstance(a, np.ndarray))


def crossing(k, first=0):
    """Somebody new every 2 s, on the way through the image for 4 s, at 10 Hz."""
    ages = np.array([age for age in (k % 20, k % 20 + 20) if k - age >= first])
    lanes = (k - ages) // 20 % 3
    return np.column_stack((-2.2 + 0.11 * ages, 0 * ages, 5 + lanes)).reshape(-1, 3)


@pytest.mark.slow
def test_thousands_of_people_leave_nothing_behind(scene_at, surface):
    """With clothes and a long memory; the shortened benchmarks/tracking_long_run.py."""
    tracker = Tracker(TrackerConfig(reidentify_seconds=60.0), surface)
    clothes = np.random.default_rng(0).uniform(20, 235, (30, 2, 3))
    films = [scene_at(0, crossing(k), clothes[: len(crossing(k))]) for k in range(40, 100)]
    blocks = []
    for k in range(1000):
        frame, bodies = films[k % 60]
        people = tracker.update(replace(frame, stamp_ns=k * 100_000_000), bodies)
        assert len(people) <= 12
        if k in (500, 999):
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    assert tracker.next_id > 40
    assert blocks[1] - blocks[0] < 300
    assert len(tracker._absent) < 60


@pytest.mark.slow
def test_the_lost_are_remembered_up_to_a_number(frame_at, people_at, surface):
    tracker = Tracker(TrackerConfig(reidentify_seconds=1e6, confirm_seconds=0.0), surface)
    for k in range(0, 40 * MOST_ABSENT, 20):
        for step in range(2):
            tracker.update(frame_at(k + step / 10), people_at((0, 0, 5)))
    assert tracker.next_id > MOST_ABSENT + 50
    assert len(tracker._absent) <= MOST_ABSENT


def test_after_an_empty_half_hour_everything_is_as_at_the_start(frame_at, people_at):
    tracker, nobody = Tracker(), people_at(np.zeros((0, 3)))
    for k in range(20):
        tracker.update(frame_at(k / 10), people_at((0, 0, 5)))
    for k in range(900):
        people = tracker.update(frame_at(2 + k * 2), nobody)
    assert len(people) == 0
    for k in range(10):
        people = tracker.update(frame_at(1810 + k / 10), people_at((0, 0, 5)))
    assert people.track_ids.tolist() == [2]
    assert people.states.tolist() == [TrackState.CONFIRMED]


def test_200_people_everywhere_are_taken(frame_at, people_at):
    random, tracker = np.random.default_rng(0), Tracker()
    for k in range(6):
        positions = random.uniform((-4, -1, 2), (4, 1, 20), (200, 3))
        people = tracker.update(frame_at(k / 10), people_at(positions, random.uniform(0, 1, 200)))
        assert finite(people)
        assert len(np.unique(people.track_ids)) == len(people)


def test_bodies_of_nothing_but_nan_are_nobody(frame_at, people_at):
    tracker, bodies = Tracker(), people_at([(0, 0, 5), (1, 0, 5)])
    broken = replace(bodies, **{
        name: np.full_like(value, np.nan)
        for name, value in vars(bodies).items()
        if isinstance(value, np.ndarray)
    })  # fmt: skip
    for k in range(10):
        people = tracker.update(frame_at(k / 10), broken if k > 5 else bodies)
        assert finite(people)
    assert people.states.tolist() == [TrackState.OCCLUDED] * 2
    assert len(Tracker().update(frame_at(0), broken)) == 0


@pytest.mark.parametrize("pose", [None, Pose(np.eye(3), np.zeros(3))])
def test_a_person_cut_by_the_border_goes_and_comes_back_with_one_id(frame_at, people_at, pose):
    """The box ends where the image does."""
    tracker = Tracker()
    for k in range(60):
        x = 2.1 + 0.7 * np.sin(2 * np.pi * k / 60)  # half of the body is outside at 2.6 m
        bodies = people_at((x, 0, 5))
        boxes = np.clip(bodies.boxes_px, 0, (640, 480, 640, 480)).astype(np.float32)
        frame = replace(frame_at(k / 10), fixed_from_camera=pose)
        people = tracker.update(frame, replace(bodies, boxes_px=boxes))
        assert people.track_ids.tolist() == [1]
        assert finite(people)


def test_stamps_at_random_never_raise(frame_at, people_at):
    random, tracker = np.random.default_rng(5), Tracker()
    for _ in range(300):
        t = random.choice([0.0, 1.0, random.uniform(0, 5), random.uniform(0, 1e6)])
        pose = Pose(np.eye(3), random.normal(0, 1, 3)) if random.random() < 0.5 else None
        positions = random.uniform((-2, -0.2, 2), (2, 0.2, 9), (random.integers(0, 5), 3))
        frame = replace(frame_at(t), fixed_from_camera=pose)
        people = tracker.update(frame, people_at(positions))
        assert finite(people)
        assert np.isfinite(tracker.forecast([0.0, 2.0]).positions_cam).all()

"""Identities that survive, seen from outside."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.geometry import project
from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.types import Bodies, Camera, Frame, TrackState

TENTATIVE, CONFIRMED = TrackState.TENTATIVE, TrackState.CONFIRMED
OCCLUDED, LOST = TrackState.OCCLUDED, TrackState.LOST


def walk(seconds, start=(-1.5, 0, 6), velocity=(1.0, 0, 0)):
    return np.add(start, np.multiply(velocity, seconds))


def test_a_walker_keeps_the_id_and_the_filter_learns_the_velocity(frame_at, people_at):
    tracker = Tracker()
    for k in range(45):
        people = tracker.update(frame_at(k / 15), people_at(walk(k / 15)))
        assert people.track_ids.tolist() == [1]
    assert people.states.tolist() == [CONFIRMED]
    assert people.person_ids.tolist() == [1]
    np.testing.assert_allclose(people.velocity_cam[0], (1, 0, 0), atol=0.1)
    assert people.last_seen_ns.tolist() == [round(44 / 15 * 1e9)]


def test_measured_bodies_are_handed_on_unchanged(frame_at, people_at):
    tracker = Tracker()
    seen = people_at([(1, 0, 6), (-1, 0, 6), (0, 0, 9)], scores=(0.5, 0.9, 0.7))
    people = tracker.update(frame_at(0), seen)
    swapped = tracker.update(frame_at(0.1), seen.select(np.array([2, 0, 1])))
    assert people.track_ids.tolist() == swapped.track_ids.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(people.bodies.vertices_cam, seen.vertices_cam[[1, 2, 0]])
    np.testing.assert_array_equal(people.bodies.vertices_cam, swapped.bodies.vertices_cam)


@pytest.mark.parametrize("rate", [5, 10, 30])
def test_two_people_who_cross_keep_their_ids_though_depths_jump(frame_at, people_at, rate):
    random = np.random.default_rng(rate)
    tracker = Tracker()
    for k in range(4 * rate):
        t = k / rate
        positions = [walk(t, (-1.8, 0, 6)), walk(t, (1.8, 0, 6.6), (-1, 0, 0))]
        bodies = people_at(positions, depth_error=random.normal(0, 0.15, 2))
        people = tracker.update(frame_at(t), bodies.select(random.permutation(2)))
        if k == 0:
            first = dict(zip(people.track_ids, people.bodies.pelvis_cam[:, 0], strict=True))
    last = dict(zip(people.track_ids, people.bodies.pelvis_cam[:, 0], strict=True))
    assert set(first) == set(last) == {1, 2}
    assert all(np.sign(first[i]) != np.sign(last[i]) for i in first)


def test_two_people_who_cross_unseen_keep_their_ids(frame_at, people_at):
    """The farther one is not detected while the nearer one covers it."""
    tracker = Tracker()
    hidden_frames = 0
    for k in range(40):
        t = k / 10
        near, far = walk(t, (-1.8, 0, 5)), walk(t, (2.0, 0, 7), (-1, 0, 0))
        hidden = abs(near[0] / near[2] - far[0] / far[2]) < 0.08
        hidden_frames += hidden
        people = tracker.update(frame_at(t), people_at([near] if hidden else [near, far]))
        if k == 0:
            far_id = people.track_ids[people.bodies.pelvis_cam[:, 2] > 6]
    assert hidden_frames >= 3
    assert people.track_ids.tolist() == [1, 2]
    assert people.track_ids[people.bodies.pelvis_cam[:, 2] > 6] == far_id


def test_a_missed_person_is_predicted_along_the_velocity_and_comes_back(
    frame_at, people_at, camera
):
    tracker = Tracker()
    for k in range(20):
        before = tracker.update(frame_at(k / 10), people_at(walk(k / 10)))
    nobody = people_at(np.zeros((0, 3)))
    previous = before
    for k in range(20, 25):
        people = tracker.update(frame_at(k / 10), nobody)
        assert people.states.tolist() == [OCCLUDED]
        np.testing.assert_allclose(people.bodies.pelvis_cam[0], walk(k / 10), atol=0.1)
        assert people.last_seen_ns.tolist() == [1_900_000_000]
        assert people.confidence < previous.confidence
        trace = np.trace(people.position_covariance_cam[0])
        assert trace > np.trace(previous.position_covariance_cam[0])
        previous = people
    shift = people.bodies.pelvis_cam - before.bodies.pelvis_cam
    moved, last = people.bodies, before.bodies
    for name in ("vertices_cam", "joints_cam"):
        expected = getattr(last, name) + shift[:, None]
        np.testing.assert_allclose(getattr(moved, name), expected, atol=1e-5)
    np.testing.assert_allclose(moved.translation_cam, last.translation_cam + shift, atol=1e-5)
    np.testing.assert_allclose(moved.joints_px, project(moved.joints_cam, camera), atol=1e-3)
    expected = people_at(walk(2.4)).boxes_px
    np.testing.assert_allclose(moved.boxes_px, expected, atol=10)
    people = tracker.update(frame_at(2.5), people_at(walk(2.5)))
    assert people.track_ids.tolist() == [1] and people.states.tolist() == [CONFIRMED]


def test_a_person_gone_for_good_is_lost_once(frame_at, people_at):
    tracker = Tracker(TrackerConfig(occluded_seconds=1.0))
    for k in range(10):
        tracker.update(frame_at(k / 10), people_at(walk(k / 10)))
    states = []
    for k in range(10, 40):
        people = tracker.update(frame_at(k / 10), people_at(np.zeros((0, 3))))
        states.append(people.states.tolist())
        assert np.isfinite(people.bodies.vertices_cam).all()
        assert len(people) == 0 or people.confidence[0] < 0.9
    assert states == [[OCCLUDED]] * 10 + [[LOST]] + [[]] * 19


@pytest.mark.parametrize("rate", [2, 7, 30])
def test_a_false_positive_of_one_image_is_never_believed(frame_at, people_at, rate):
    tracker = Tracker()
    states = []
    for k in range(3 * rate):
        bodies = people_at([(0, 0, 5)] if k == rate else np.zeros((0, 3)))
        states += tracker.update(frame_at(k / rate), bodies).states.tolist()
    assert states[0] == TENTATIVE and states[-1] == LOST
    assert states.count(LOST) == 1 and set(states) == {TENTATIVE, LOST}


@pytest.mark.parametrize("rate", [2, 5, 10, 30])
def test_the_life_cycle_takes_the_same_seconds_at_every_rate(frame_at, people_at, rate):
    tracker = Tracker(TrackerConfig(confirm_seconds=0.5, occluded_seconds=1.0))
    first = {}
    for k in range(6 * rate):
        bodies = people_at(walk(k / rate) if k <= 2 * rate else np.zeros((0, 3)))
        for state in tracker.update(frame_at(k / rate), bodies).states.tolist():
            first.setdefault(state, k / rate)
    period = 1 / rate
    assert first[TENTATIVE] == 0
    assert 0.5 <= first[CONFIRMED] < 0.5 + period
    assert first[OCCLUDED] == pytest.approx(2 + period)
    assert 3 < first[LOST] <= 3 + period + 1e-9


def test_uneven_steps_and_dropped_frames_change_no_id(frame_at, people_at):
    random, tracker, t = np.random.default_rng(3), Tracker(), 0.0
    for _ in range(40):
        t += random.choice([0.02, 0.1, 0.5])
        positions = [(np.sin(0.7 * t), 0, 5), (-np.sin(0.7 * t), 0.1, 8), (2, 0, 6 + np.sin(t))]
        people = tracker.update(frame_at(t), people_at(positions))
    assert people.track_ids.tolist() == [1, 2, 3]
    assert (people.states == CONFIRMED).all()


def test_weak_bodies_continue_tracks_but_never_start_them(frame_at, people_at):
    tracker = Tracker(TrackerConfig(start_score=0.5, continue_score=0.1))
    for k in range(30):
        scores = (0.9 if k < 10 else 0.2, 0.2)
        bodies = people_at([(-1, 0, 5), (1, 0, 5)], scores)
        people = tracker.update(frame_at(k / 10), bodies)
    assert people.track_ids.tolist() == [1]
    assert people.states.tolist() == [CONFIRMED]
    assert people.confidence[0] < 0.5


def test_one_wild_depth_neither_breaks_the_track_nor_drags_it_along(frame_at, people_at):
    tracker = Tracker()
    for k in range(30):
        people = tracker.update(
            frame_at(k / 10), people_at((0, 0, 6), depth_error=1.0 if k == 20 else 0.0)
        )
        if k >= 21:
            assert abs(people.velocity_cam[0, 2]) < 0.6
    assert people.track_ids.tolist() == [1]


def test_several_bodies_on_one_person_make_one_track(frame_at, people_at):
    tracker = Tracker()
    offsets = np.linspace(0, 0.02, 5)[:, None] * (1, 0, 0)
    for k in range(10):
        bodies = people_at(walk(k / 10) + offsets, scores=np.linspace(0.5, 0.9, 5))
        people = tracker.update(frame_at(k / 10), bodies)
        assert people.track_ids.tolist() == [1]


def test_two_boxes_that_differ_on_the_same_joints_make_one_track(frame_at, people_at):
    bodies = people_at([(0, 0, 5), (0, 0, 5)])
    bodies.boxes_px[1, 3] -= 0.5 * (bodies.boxes_px[1, 3] - bodies.boxes_px[1, 1])
    assert len(Tracker().update(frame_at(0), bodies)) == 1
    assert len(Tracker(TrackerConfig(use_joints=False)).update(frame_at(0), bodies)) == 2


def test_200_identical_boxes_are_one_person(frame_at, people_at):
    tracker = Tracker()
    for k in range(5):
        people = tracker.update(frame_at(k / 10), people_at([(0, 0, 5)] * 200))
    assert people.track_ids.tolist() == [1]


def test_50_people_keep_50_ids(frame_at, people_at):
    grid = np.stack(np.meshgrid(np.linspace(-2, 2, 10), np.arange(8, 13)), -1).reshape(-1, 2)
    start = np.insert(grid, 1, 0.0, axis=1)
    start[:, 1] = (start[:, 2] - 10) * -0.8
    random, tracker = np.random.default_rng(0), Tracker()
    velocity = random.normal(0, 0.1, (50, 3))
    for k in range(30):
        bodies = people_at(start + velocity * k / 10)
        people = tracker.update(frame_at(k / 10), bodies.select(random.permutation(50)))
    assert people.track_ids.tolist() == list(range(1, 51))
    assert (people.states == CONFIRMED).all()


def test_time_that_goes_back_forgets_everybody_and_no_id_returns(frame_at, people_at):
    tracker = Tracker()
    for k in range(10):
        people = tracker.update(frame_at(10 + k / 10), people_at([(0, 0, 5), (1, 0, 5)]))
    assert people.track_ids.tolist() == [1, 2]
    people = tracker.update(frame_at(0), people_at([(0, 0, 5)]))
    assert people.track_ids.tolist() == [3] and people.states.tolist() == [TENTATIVE]
    tracker.reset()
    people = tracker.update(frame_at(0.1), people_at([(0, 0, 5)]))
    assert people.track_ids.tolist() == [4]


def test_a_stamp_that_repeats_keeps_the_tracks_and_counts_once(frame_at, people_at):
    tracker = Tracker(TrackerConfig(confirm_seconds=0, confirm_hits=3))
    for _ in range(10):
        people = tracker.update(frame_at(1), people_at((0, 0, 5)))
        assert people.track_ids.tolist() == [1] and people.states.tolist() == [TENTATIVE]
        assert np.isfinite(people.velocity_cam).all()
    for k in range(1, 3):
        people = tracker.update(frame_at(1 + k / 10), people_at((0, 0, 5)))
    assert people.states.tolist() == [CONFIRMED]


@pytest.mark.parametrize("gap", [2.1, 1800])
def test_a_long_gap_ends_tracks_with_one_lost_and_starts_new_ones(frame_at, people_at, gap):
    tracker = Tracker(TrackerConfig(occluded_seconds=2.0))
    for k in range(10):
        tracker.update(frame_at(k / 10), people_at((0, 0, 5)))
    people = tracker.update(frame_at(0.9 + gap), people_at((0, 0, 5)))
    assert people.track_ids.tolist() == [1, 2]
    assert people.states.tolist() == [LOST, TENTATIVE]
    people = tracker.update(frame_at(1 + gap), people_at((0, 0, 5)))
    assert people.track_ids.tolist() == [2]


def test_two_trackers_count_on_their_own(frame_at, people_at):
    for tracker in (Tracker(), Tracker()):
        people = tracker.update(frame_at(0), people_at([(0, 0, 5), (1, 0, 5)]))
        assert people.track_ids.tolist() == [1, 2]
        assert people.track_ids.dtype == np.uint32


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "name", ["boxes_px", "scores", "vertices_cam", "joints_cam", "pelvis_covariance_cam"]
)
def test_a_body_with_a_number_that_is_not_finite_is_skipped(frame_at, people_at, name, value):
    tracker = Tracker()
    bodies = people_at([(0, 0, 5), (1, 0, 5)])
    broken = getattr(bodies, name).copy()
    broken.reshape(2, -1)[0, -1] = value
    people = tracker.update(frame_at(0), replace(bodies, **{name: broken}))
    np.testing.assert_array_equal(people.bodies.boxes_px, bodies.boxes_px[1:])


def test_empty_boxes_and_people_behind_the_camera_are_skipped(frame_at, people_at):
    bodies = people_at([(0, 0, 5), (1, 0, 5), (2, 0, 5)])
    bodies.boxes_px[0, 2] = bodies.boxes_px[0, 0]
    bodies.joints_cam[1, :, 2] = -5
    people = Tracker().update(frame_at(0), bodies)
    np.testing.assert_array_equal(people.bodies.boxes_px, bodies.boxes_px[2:])


def test_nobody_is_an_empty_list_whatever_the_mesh(frame_at, people_at):
    tracker = Tracker()
    assert len(tracker.update(frame_at(0), Bodies.empty(4, "synthetic", "card"))) == 0
    for k in range(10):
        tracker.update(frame_at(1 + k / 10), people_at((0, 0, 5)))
    people = tracker.update(frame_at(2), Bodies.empty(0, "synthetic", "card"))
    assert people.states.tolist() == [OCCLUDED]
    assert people.bodies.vertices_cam.shape == (1, 4, 3)


def test_bodies_of_another_model_start_over(frame_at, people_at):
    tracker = Tracker()
    tracker.update(frame_at(0), people_at((0, 0, 5)))
    people = tracker.update(frame_at(0.1), replace(people_at((0, 0, 5)), body_model="other"))
    assert people.track_ids.tolist() == [2]


def test_a_person_predicted_to_pass_the_camera_is_lost_with_finite_numbers(frame_at, people_at):
    tracker, lost = Tracker(), 0
    for k in range(40):
        z = 4 - 0.15 * k
        seen = (0.2, 0, z) if z > 1.2 else np.zeros((0, 3))
        people = tracker.update(frame_at(k / 10), people_at(seen))
        lost += (people.states == LOST).sum()
        for value in (people.bodies.joints_px, people.bodies.boxes_px, people.velocity_cam):
            assert np.isfinite(value).all()
    assert lost == 1 and len(people) == 0


def test_a_distorted_camera_predicts_boxes_where_the_person_goes(people_at):
    camera = Camera(600.0, 600.0, 320.0, 240.0, 640, 480, (-0.1, 0.02, 0, 0, 0))
    tracker, image = Tracker(), np.zeros((480, 640, 3), np.uint8)
    for k in range(20):
        position = walk(k / 10)
        bodies = people_at(position) if k < 15 else people_at(np.zeros((0, 3)))
        people = tracker.update(Frame(image, k * 100_000_000, camera), bodies)
    np.testing.assert_allclose(
        people.bodies.joints_px, project(people.bodies.joints_cam, camera), atol=1e-3
    )
    center = people.bodies.boxes_px.reshape(2, 2).mean(0)
    np.testing.assert_allclose(center, project(position, camera), atol=12)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length_of_the_run(frame_at, people_at):
    random, tracker = np.random.default_rng(1), Tracker()

    def run(first, last):
        for k in range(first, last):
            positions = random.uniform((-2, -0.2, 4), (2, 0.2, 9), (random.integers(0, 6), 3))
            tracker.update(frame_at(k / 10), people_at(positions))
        tracker.update(frame_at(last / 10 + 100), people_at(np.zeros((0, 3))))
        tracker.update(frame_at(last / 10 + 100), people_at(np.zeros((0, 3))))

    tracemalloc.start()
    try:
        run(0, 400)  # caches of the interpreter and of numpy fill here
        before = tracemalloc.get_traced_memory()[0]
        run(2000, 2400)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert tracker.update(frame_at(1e4), people_at((0, 0, 5))).track_ids[0] > 120
    assert grown < 20_000


@pytest.mark.parametrize("count", [1, 16])
def test_bodies_have_as_many_shape_coefficients_as_their_model(frame_at, people_at, count):
    tracker, confirmed = Tracker(), []
    for image in range(12):
        people = people_at([(0, 0, 4), (1, 0, 5)][: 2 - image % 2])
        bodies = replace(people, betas=np.full((len(people), count), 0.5, np.float32))
        found = tracker.update(frame_at(image / 10), bodies)
        assert found.bodies.betas.shape[1] == count
        confirmed.append((found.states == TrackState.CONFIRMED).sum())
    assert max(confirmed) == 2

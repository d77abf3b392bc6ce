"""The reproduced tracker, seen from outside."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from humans4d_core.batch import Batch
from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.tracking.phalp.pose_predictor import PosePredictor
from humans4d_core.tracking.phalp.pose_transformer import PosePredictorConfig
from humans4d_core.types import Bodies, Frame, TrackState

TENTATIVE, CONFIRMED = TrackState.TENTATIVE, TrackState.CONFIRMED
OCCLUDED, LOST = TrackState.OCCLUDED, TrackState.LOST

#: The people of these tests are narrow.
CONFIG = PhalpConfig(min_box_px=(20, 40))
NOBODY = Bodies.empty(4, "synthetic", "card")


def walk(frame, start=(-1.5, 0, 6), step=(0.05, 0, 0)):
    return np.add(start, np.multiply(step, frame))


def posed(bodies, turns):
    """Bodies whose elbows are bent by `turns` (N,) radians about y."""
    pose = bodies.body_pose.copy()
    c, s, zero, one = np.cos(turns), np.sin(turns), np.zeros(len(bodies)), np.ones(len(bodies))
    rotation = np.array([[c, zero, s], [zero, one, zero], [-s, zero, c]]).transpose(2, 0, 1)
    pose[:, 17] = pose[:, 18] = rotation
    return replace(bodies, body_pose=pose)


def test_a_walker_is_believed_after_five_frames_whatever_their_stamps(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    states, stamps = [], [0, 0.01, 0.5, 0.5, 3, 3.1]
    for k, seconds in enumerate(stamps):
        people = tracker.update(frame_at(seconds), people_at(walk(k)))
        assert people.track_ids.tolist() == people.person_ids.tolist() == [1]
        states.append(people.states[0])
    assert states == [TENTATIVE] * 4 + [CONFIRMED] * 2
    assert people.last_seen_ns.tolist() == [round(3.1e9)]
    assert people.confidence.tolist() == pytest.approx([0.9])


def test_two_people_who_cross_keep_their_ids(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    random = np.random.default_rng(0)
    for k in range(61):
        # The farther one first: so the tracker numbers people of equal scores.
        positions = [walk(k, (1.5, 0, 8), (-0.05, 0, 0)), walk(k)]
        order = random.permutation(2)
        people = tracker.update(frame_at(k / 25), people_at(positions).select(order))
        assert people.track_ids.tolist() == [1, 2]
        np.testing.assert_allclose(people.bodies.pelvis_cam, positions, atol=1e-5)


def test_a_person_unseen_is_occluded_then_lost_once_and_the_id_is_not_given_again(
    frame_at, people_at
):
    tracker = PhalpTracker(replace(CONFIG, max_age=10))
    for k in range(20):
        people = tracker.update(frame_at(k / 10), people_at(walk(k)))
    depth = people.position_covariance_cam[0, 2, 2]
    confidence = people.confidence[0]
    for k in range(20, 30):
        people = tracker.update(frame_at(k / 10), NOBODY)
        assert people.states.tolist() == [OCCLUDED]
        assert people.last_seen_ns.tolist() == [round(1.9e9)]
        assert people.position_covariance_cam[0, 2, 2] > depth
        assert people.confidence[0] < confidence
        depth, confidence = people.position_covariance_cam[0, 2, 2], people.confidence[0]
    np.testing.assert_allclose(people.bodies.pelvis_cam[0], walk(29), atol=0.15)
    assert tracker.update(frame_at(3.0), NOBODY).states.tolist() == [LOST]
    assert len(tracker.update(frame_at(3.1), NOBODY)) == 0
    assert tracker.update(frame_at(3.2), people_at(walk(0))).track_ids.tolist() == [2]


def test_a_person_who_returns_in_time_gets_the_id_back(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    for k in range(40):
        is_hidden = 15 <= k < 30
        people = tracker.update(frame_at(k / 25), NOBODY if is_hidden else people_at(walk(k)))
        assert people.track_ids.tolist() == [1]
    assert people.states.tolist() == [CONFIRMED]


def test_a_false_detection_is_gone_in_the_next_frame(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    tracker.update(frame_at(0), people_at([walk(0), (1.5, 0, 5)]))
    people = tracker.update(frame_at(0.1), people_at(walk(1)))
    assert people.states[[1]].tolist() == [LOST]
    assert tracker.update(frame_at(0.2), people_at(walk(2))).track_ids.tolist() == [1]


def test_poses_tell_people_apart_who_change_places_between_shots(people_at, camera):
    """Without places only looks are left: a cut to the other side swaps left and right."""
    tracker = PhalpTracker(CONFIG)
    dark = np.zeros((480, 640, 3), np.uint8)
    turns, places = np.array([0.0, 2.0]), np.array([(1.0, 0, 9), (-1.0, 0, 5)])
    for k in range(8):
        image, where = (dark, places) if k < 6 else (dark + 255, places[::-1])
        frame = Frame(image, k * 40_000_000, camera)
        people = tracker.update(frame, posed(people_at(where), turns))
        assert people.track_ids.tolist() == [1, 2]
        np.testing.assert_allclose(people.bodies.pelvis_cam, where, atol=1e-5)


@dataclass(frozen=True)
class Shades(Batch):
    values: np.ndarray  # (N,) in [0, 1]


class PelvisShade:
    """The brightness of the pixel at the pelvis."""

    def observe(self, frame, bodies):
        column, row = np.rint(bodies.joints_px[:, 0]).astype(int).T
        return Shades(frame.image_bgr[row, column].mean(axis=1) / 255)

    def distance(self, remembered, observed):
        return np.abs(remembered.values[:, None] - observed.values)

    def updated(self, remembered, observed):
        return Shades(0.9 * remembered.values + 0.1 * observed.values)


@pytest.mark.parametrize("appearance", [None, PelvisShade()])
def test_colours_tell_people_apart_whom_nothing_else_does(people_at, camera, appearance):
    """Alike in pose, and between two shots places do not count: an appearance alone decides."""
    tracker = PhalpTracker(CONFIG, appearance)
    shades, places = (60, 190), np.array([(-1.0, 0, 6), (1.0, 0, 6)])
    for k in range(9):
        # One more person comes in the middle of the first shot; the cut is at frame 6.
        where = places if k < 6 else places[::-1]
        bodies = people_at(where).select(slice(0, 1 if k < 3 else 2))
        image = np.full((480, 640, 3), 255 if k < 6 else 0, np.uint8)
        for shade, (x, y) in zip(shades, bodies.joints_px[:, 0].astype(int), strict=False):
            image[y - 5 : y + 6, x - 5 : x + 6] = shade
        people = tracker.update(Frame(image, k * 40_000_000, camera), bodies)
    assert people.track_ids.tolist() == [1, 2]
    follows = np.allclose(people.bodies.pelvis_cam, where, atol=1e-5)
    assert follows == (appearance is not None)


def test_a_pose_predictor_says_what_poses_are_expected(frame_at, people_at):
    """With any weights its expectation, not the last pose, decides whom a body is like."""
    torch.manual_seed(0)
    config = PosePredictorConfig(
        frame_length=30, width=16, encoder_width=16, depth=1, heads=2, dim_head=8, mlp_dim=16
    )
    predictor = PosePredictor(config).eval()
    plain, predicting = PhalpTracker(CONFIG), PhalpTracker(CONFIG, pose_predictor=predictor)
    ids = {}
    for tracker in (plain, predicting):
        for k in range(8):
            people = tracker.update(frame_at(k / 25), people_at(walk(k)))
        ids[tracker] = people.track_ids.tolist()
    # The place alone still admits the body: random poses cost no more than the clipped distance.
    assert ids[plain] == ids[predicting] == [1]
    strict = replace(CONFIG, max_cost=2.0)  # nothing but the right pose is cheap enough
    refusing = PhalpTracker(strict, pose_predictor=predictor)
    agreeing = PhalpTracker(strict)
    for k in range(8):
        refused = refusing.update(frame_at(k / 25), people_at(walk(k)))
        agreed = agreeing.update(frame_at(k / 25), people_at(walk(k)))
    assert refused.track_ids[-1] == 8
    assert agreed.track_ids.tolist() == [1]


def test_weak_small_and_broken_bodies_are_dropped(frame_at, people_at):
    bodies = people_at([(-1, 0, 5), (0, 0, 5), (1, 0, 5), (2, 0, 9)], scores=(0.9, 0.79, 0.9, 0.9))
    bodies.betas[2] = np.nan
    people = PhalpTracker().update(frame_at(0), bodies)
    np.testing.assert_allclose(people.bodies.pelvis_cam, [(-1, 0, 5)], atol=1e-5)


def test_many_identical_boxes_and_empty_frames_raise_nothing(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    crowd = people_at([(0, 0, 5)] * 200)
    for k in range(4):
        people = tracker.update(frame_at(k / 25), crowd)
    assert people.track_ids.tolist() == list(range(1, 201))
    for k in range(4, 60):
        people = tracker.update(frame_at(k), NOBODY)
    assert len(people) == 0


def test_time_that_goes_back_and_another_body_model_start_anew(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    tracker.update(frame_at(5), people_at(walk(0)))
    assert tracker.update(frame_at(4), people_at(walk(0))).track_ids.tolist() == [2]
    other = replace(people_at(walk(0)), body_model="other")
    assert tracker.update(frame_at(4.1), other).track_ids.tolist() == [3]
    tracker.reset()
    assert tracker.update(frame_at(4.2), other).track_ids.tolist() == [4]


def test_who_walks_into_the_camera_unseen_stays_in_front_of_it(frame_at, people_at):
    tracker = PhalpTracker(CONFIG)
    for k in range(10):
        tracker.update(frame_at(k / 10), people_at((0, 0, 4 - 0.3 * k)))
    for k in range(10, 40):
        people = tracker.update(frame_at(k / 10), NOBODY)
        assert people.bodies.pelvis_cam[0, 2] > 0
        assert np.isfinite(people.bodies.joints_px).all()
        assert (np.linalg.eigvalsh(people.position_covariance_cam[0]) > 0).all()


@pytest.mark.parametrize("count", [1, 16])
def test_bodies_have_as_many_shape_coefficients_as_their_model(frame_at, people_at, count):
    tracker, confirmed = PhalpTracker(), []
    for image in range(12):
        people = people_at([(0, 0, 4), (1, 0, 5)])
        bodies = replace(people, betas=np.full((len(people), count), 0.5, np.float32))
        found = tracker.update(frame_at(image / 10), bodies)
        assert found.bodies.betas.shape[1] == count
        confirmed.append((found.states == TrackState.CONFIRMED).sum())
    assert max(confirmed) == 2

"""Postures of bodies whose posture nobody doubts, and what becomes of them over time."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, read_body_file
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.tracking.posture import (
    CLASSES,
    PostureFilter,
    posture_features,
    posture_likelihoods,
)
from humans4d_core.types import Bodies, People, Posture, TrackState

UP = np.array([0.0, -1.0, 0.0])
SECOND = 1_000_000_000


def bent(hip: float, knee: float) -> np.ndarray:
    """(24, 3, 3) of somebody upright whose hips and knees are bent by degrees, y up."""
    local = np.tile(np.eye(3), (24, 1, 1))
    for joint, degrees in ((1, -hip), (2, -hip), (4, knee), (5, knee)):
        local[joint] = Rotation.from_euler("x", degrees, degrees=True).as_matrix()
    return local


POSES = {
    Posture.STANDING: (bent(5, 10), 0),
    Posture.SITTING: (bent(85, 85), 0),
    Posture.CROUCHING: (bent(110, 140), 20),
    Posture.LYING: (bent(10, 20), 88),
}


@pytest.fixture(scope="module")
def skeleton():
    return LandmarkSkeleton(read_body_file(EMBEDDED_BODY, name="anny"))


@pytest.fixture
def body_of(skeleton, people_at):
    """Function: posture, heading in degrees -> one of Bodies, 5 m before a level camera."""

    def make(posture: Posture, heading: float = 30.0) -> Bodies:
        local, lean = POSES[posture]
        local = local.copy()
        turn = Rotation.from_euler("yx", (heading, lean), degrees=True).as_matrix()
        local[0] = np.diag((1.0, -1.0, -1.0)) @ turn
        joints = skeleton.pose(local[None], np.zeros((1, 10))).joints + (0, 0, 5)
        return replace(people_at((0, 0, 5)), joints_cam=joints.astype(np.float32))

    return make


def people_of(bodies: Bodies, stamp_ns: int, seen_ns: int | None = None) -> People:
    n = len(bodies)
    seen_ns = stamp_ns if seen_ns is None else seen_ns
    state = TrackState.CONFIRMED if seen_ns == stamp_ns else TrackState.OCCLUDED
    ids = np.arange(1, n + 1, dtype=np.uint32)
    zeros = np.zeros((n, 3, 3), np.float32)
    return People(
        ids, ids, np.full(n, state, np.uint8), np.full(n, seen_ns), np.ones(n, np.float32),
        bodies, np.zeros((n, 3), np.float32), zeros, zeros,
    )  # fmt: skip


@pytest.mark.parametrize("posture", CLASSES)
@pytest.mark.parametrize("heading", [0, 60, 120, 180, 270])
def test_what_nobody_doubts_is_told(body_of, posture, heading):
    likelihoods = posture_likelihoods(body_of(posture, heading), UP)
    assert CLASSES[likelihoods[0].argmax()] == posture


def test_features_turn_with_the_world(body_of):
    joints = body_of(Posture.CROUCHING).joints_cam
    turn = Rotation.from_euler("xyz", (0.4, -1.0, 2.0)).as_matrix()
    np.testing.assert_allclose(
        posture_features(joints @ turn.T, turn @ UP), posture_features(joints, UP), atol=1e-5
    )
    assert np.isfinite(posture_features(0 * joints, UP)).all()


def test_who_lies_down_and_stays_down_is_published_as_lying(body_of):
    postures = PostureFilter()
    stamps = iter(range(0, 60 * SECOND, SECOND // 10))
    for _ in range(20):
        stamp = next(stamps)
        people = postures.update(people_of(body_of(Posture.STANDING), stamp), UP, stamp)
    assert people.postures[0] == Posture.STANDING and people.posture_probability[0] > 0.95
    stamp, fell = next(stamps), 0.0
    while people.postures[0] != Posture.LYING:
        people = postures.update(people_of(body_of(Posture.LYING), stamp), UP, stamp)
        fell, stamp = fell + 0.1, next(stamps)
        assert fell < 2


def test_one_image_of_a_lying_body_does_not_lay_a_walker_down(body_of):
    postures = PostureFilter()
    for k in range(40):
        shown = Posture.LYING if k == 25 else Posture.STANDING
        stamp = k * SECOND // 10
        people = postures.update(people_of(body_of(shown), stamp), UP, stamp)
        assert people.postures[0] == Posture.STANDING


@pytest.mark.parametrize("rate", [10, 30])
def test_an_equal_time_says_as_much_at_every_rate(body_of, rate):
    postures, told = PostureFilter(), []
    for k in range(3 * rate):
        stamp = k * SECOND // rate
        shown = Posture.STANDING if k < rate else Posture.SITTING
        people = postures.update(people_of(body_of(shown), stamp), UP, stamp)
        told.append(people.postures[0])
    changed = told.index(Posture.SITTING) / rate
    assert 1 < changed < 2.5
    assert told[-1] == Posture.SITTING


def test_somebody_hidden_keeps_the_posture_and_is_less_and_less_sure(body_of):
    postures = PostureFilter()
    bodies = body_of(Posture.SITTING)
    for k in range(10):
        people = postures.update(people_of(bodies, k * SECOND // 5), UP, k * SECOND // 5)
    sure, last = people.posture_probability[0], people.last_seen_ns[0]
    for k in range(10, 15):
        stamp = k * SECOND // 5
        people = postures.update(people_of(bodies, stamp, last), UP, stamp)
        assert people.postures[0] == Posture.SITTING
        assert people.posture_probability[0] < sure
        sure = people.posture_probability[0]


def test_a_body_that_was_stood_up_says_what_its_box_says(body_of):
    bodies = replace(body_of(Posture.STANDING), recovery="upright")
    boxes = {"high": (100, 100, 150, 250), "wide": (100, 100, 280, 150)}
    told = {}
    for name, box in boxes.items():
        row = replace(bodies, boxes_px=np.array([box], np.float32))
        row = replace(row, joint_confidence=0 * row.joint_confidence)
        assert row.is_stood_up.all()
        told[name] = CLASSES[posture_likelihoods(row, UP)[0].argmax()]
    assert told == {"high": Posture.STANDING, "wide": Posture.LYING}


def test_nobody_and_an_unseen_newcomer_are_taken(body_of):
    postures = PostureFilter()
    nobody = people_of(body_of(Posture.STANDING).select(np.zeros(0, int)), 0)
    assert len(postures.update(nobody, UP, 0)) == 0
    stranger = postures.update(people_of(body_of(Posture.LYING), SECOND, 0), UP, SECOND)
    assert stranger.postures[0] == Posture.UNKNOWN and stranger.posture_probability[0] == 0

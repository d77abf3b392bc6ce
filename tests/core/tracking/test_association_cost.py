"""Who fits whom, and who is assigned."""

import numpy as np
import pytest

from humans4d_core.geometry.boxes import iou
from humans4d_core.tracking import motion_filter as motions
from humans4d_core.tracking.association_cost import (
    JOINT_ROWS,
    assign,
    association_cost,
    joint_distance,
)

ALONE_COST = 20.0  # where no strangers come


def started(people_at, positions):
    bodies = people_at(positions)
    return motions.start(motions.observe(bodies, np.arange(len(bodies))), 0.9)


def cost(motion, bodies):
    return association_cost(motion, motions.observe(bodies, np.arange(len(bodies))))


def test_the_person_in_the_same_place_is_cheapest_and_far_ones_are_refused(people_at):
    positions = [(0, 0, 5), (0.4, 0, 5), (2, 0, 5)]
    matrix = cost(started(people_at, positions), people_at(positions))
    assert matrix.argmin(axis=1).tolist() == [0, 1, 2]
    assert np.isinf(matrix[0, 2]) and np.isinf(matrix[2, 0])


def test_a_wrong_depth_costs_but_does_not_forbid(people_at):
    motion = started(people_at, [(0, 0, 5)])
    errors = (0.0, 0.1, 0.8, 2.0)
    row = cost(motion, people_at([(0, 0, 5)] * 4, depth_error=errors))[0]
    assert row[0] == pytest.approx(row[1])
    assert row[1] < row[2] < row[3] < ALONE_COST


def test_without_positions_a_wrong_depth_costs_nothing(people_at):
    motion = started(people_at, [(0, 0, 5)])
    bodies = people_at([(0, 0, 5)] * 2, depth_error=(0.0, 2.0))
    observed = motions.observe(bodies, np.arange(2))
    right, wrong = association_cost(motion, observed, use_position=False)[0]
    assert right == pytest.approx(wrong)


def test_a_box_far_off_is_dear_but_not_as_dear_as_a_gaussian_has_it(people_at):
    motion = started(people_at, [(0, 0, 5)])
    row = cost(motion, people_at([(0, 0, 5), (0.3, 0, 5), (0.45, 0, 5), (0.6, 0, 5)]))[0]
    steps = np.diff(row[np.isfinite(row)])
    assert len(steps) >= 2 and (steps > 0).all() and steps[-1] < 2 * steps[0]


def test_of_two_equal_boxes_the_believable_depth_is_taken(people_at):
    motion = started(people_at, [(0, 0, 5)])
    row = cost(motion, people_at([(0, 0, 5)] * 2, depth_error=(1.0, 0.05)))
    assert assign(row, ALONE_COST)[1].tolist() == [1]


def test_a_track_long_unseen_gives_way_to_one_just_seen(people_at):
    motion = started(people_at, [(0, 0, 5), (0, 0, 5)])
    doubtful = motions.predict(motion, 2.0, 0.9, 10.0)
    covariance = motion.box_covariance.copy()
    covariance[0] = doubtful.box_covariance[0]
    motion = motions.Motion(motion.pelvis, motion.pelvis_covariance, motion.box, covariance)
    assert assign(cost(motion, people_at((0.05, 0, 5))), ALONE_COST)[0].tolist() == [1]


def test_assignment_is_the_cheapest_and_leaves_alone_what_is_too_dear():
    matrix = np.array([[1.0, 2.0], [1.5, np.inf], [ALONE_COST + 1, np.nan]])
    rows, columns = assign(matrix, ALONE_COST)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]
    for empty in (np.zeros((0, 3)), np.zeros((3, 0)), np.full((2, 2), np.nan)):
        assert len(assign(empty, ALONE_COST)[0]) == 0


def test_iou_of_known_boxes():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]], np.float32)
    expected = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(iou(boxes, boxes), expected)


def test_joints_of_a_crowd_are_compared_pair_by_pair():
    random = np.random.default_rng(0)
    a = random.uniform(0, 100, (2 * JOINT_ROWS + 3, 24, 2)).astype(np.float32)
    b = random.uniform(0, 100, (5, 24, 2)).astype(np.float32)
    expected = np.linalg.norm(a[:, None] - b[None], axis=-1).mean(-1)
    expected /= np.ptp(a, axis=1).max(-1)[:, None]
    np.testing.assert_allclose(joint_distance(a, b), expected, rtol=1e-5)
    assert joint_distance(a[:0], b).shape == (0, 5) and joint_distance(a, b[:0]).shape[1] == 0

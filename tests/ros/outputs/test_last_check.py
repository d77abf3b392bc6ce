"""What goes out can be, whatever came in; LOST is said once of everybody who was named."""

import os
from dataclasses import replace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.diagnostics.counters import Counters
from humans4d_ros.outputs.last_check import FARTHEST, LastCheck

from humans4d_core.types import Pose, TrackState

LOST = TrackState.LOST


def with_row(array, row, value):
    changed = np.array(array)
    changed[row] = value
    return changed


def with_body(people, row, **values):
    changes = {name: with_row(getattr(people.bodies, name), row, v) for name, v in values.items()}
    return replace(people, bodies=replace(people.bodies, **changes))


def named(people):
    return dict(zip(people.track_ids.tolist(), people.states.tolist(), strict=True))


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def last_check(counters):
    return LastCheck(counters)


def test_what_can_be_goes_out_untouched(last_check, make_people):
    people = make_people(4)
    checked = last_check.check(people)
    assert checked.people is people
    assert checked.rows.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"joints_cam": np.nan}, {"joints_cam": np.inf}, {"joints_cam": 1e30},
        {"joints_cam": 2 * FARTHEST}, {"vertices_cam": np.nan}, {"vertices_cam": -1e30},
        {"betas": 1e6}, {"betas": np.nan}, {"translation_cam": np.inf}, {"boxes_px": np.nan},
        {"scores": 7.0}, {"scores": np.nan}, {"joint_confidence": -1.0}, {"global_orient": 30.0},
        {"body_pose": np.nan},
    ],
)  # fmt: skip
def test_who_cannot_be_is_lost_once_and_never_named_again(
    last_check, make_people, counters, values
):
    people = make_people(3)
    last_check.check(people)
    wrong = with_body(people, 1, **values)
    checked = last_check.check(wrong)
    assert named(checked.people) == {1: 2, 3: 2, 2: LOST}
    assert checked.rows.tolist() == [0, 2]
    for name in values:
        assert np.isfinite(getattr(checked.people.bodies, name)).all()
    assert counters.report().values["people_withheld"] == "1"
    # Also when the tracker goes on with sane numbers, and when it says LOST itself.
    assert named(last_check.check(people).people) == {1: 2, 3: 2}
    gone = replace(people, states=np.array([2, LOST, 2], np.uint8))
    assert named(last_check.check(gone).people) == {1: 2, 3: 2}


def test_who_cannot_be_from_the_start_is_never_named(last_check, make_people):
    people = make_people(3)
    wrong = with_body(people, 0, joints_cam=np.nan)
    assert named(last_check.check(wrong).people) == {2: 2, 3: 2}
    assert named(last_check.check(people).people) == {2: 2, 3: 2}


def test_a_frame_that_is_far_away_takes_everybody_with_it(last_check, make_people):
    people = make_people(2)
    near = Pose(np.eye(3), [FARTHEST - 100, 0, 0])
    assert named(last_check.check(people, near).people) == {1: 2, 2: 2}
    far = Pose(np.eye(3), [FARTHEST + 100, 0, 0])
    assert named(last_check.check(people, far).people) == {1: LOST, 2: LOST}


@pytest.mark.parametrize("speed", [31.0, -1e9, np.nan, np.inf])
def test_a_velocity_that_cannot_be_is_unknown(last_check, make_people, counters, speed):
    people = make_people(2)
    people = replace(people, velocity_cam=with_row(people.velocity_cam, 1, [speed, 0, 0]))
    checked = last_check.check(people).people
    assert named(checked) == {1: 2, 2: 2}
    np.testing.assert_array_equal(checked.velocity_cam[1], 0)
    assert (np.diagonal(checked.velocity_covariance_cam[1]) >= 1e9).all()
    np.testing.assert_array_equal(checked.velocity_cam[0], people.velocity_cam[0])
    assert counters.report().values["velocities_withheld"] == "1"


@pytest.mark.parametrize("wrong", [np.nan, 0.0, 1e30])
def test_a_place_whose_covariance_cannot_be_is_no_place(last_check, make_people, wrong):
    people = make_people(2)
    covariance = with_row(people.position_covariance_cam, 0, np.eye(3) * wrong)
    checked = last_check.check(replace(people, position_covariance_cam=covariance)).people
    assert named(checked) == {2: 2}


def test_whoever_vanishes_without_a_word_is_lost(last_check, make_people):
    people = make_people(3)
    last_check.check(people)
    assert named(last_check.check(people.select([0, 2])).people) == {1: 2, 3: 2, 2: LOST}
    assert named(last_check.check(people.select([0, 2])).people) == {1: 2, 3: 2}


def test_lost_is_said_once_and_only_of_those_who_were_named(last_check, make_people):
    people = make_people(3, [2, LOST, 2])
    assert named(last_check.check(people).people) == {1: 2, 3: 2}
    lost = last_check.end()
    assert named(lost) == {1: LOST, 3: LOST}
    assert (lost.confidence == 0).all() and not lost.bodies.vertices_cam.size
    assert last_check.end() is None
    # What a pipeline that began anew says of them was said already.
    assert named(last_check.check(make_people(3, [LOST] * 3)).people) == {}


def test_nobody_is_checked_too(last_check, make_people):
    assert len(last_check.check(make_people(0)).people) == 0
    assert last_check.end() is None and not last_check.knows_anybody

"""In a crowd everybody gets a fresh body in turn, and nobody is without one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.config import PipelineConfig, RecoveryConfig
from humans4d_core.pipeline import create_pipeline
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.budget import BudgetedRecovery
from humans4d_core.recovery.upright import UprightRecovery
from humans4d_core.types import Camera, Detections, Frame, Pose

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
STEP = 10**8
EACH = 1.0  #: s that a person costs, by a clock of the test's own


class Costly(UprightRecovery):
    """Bodies with a pose that says who was recovered, at EACH s a person."""

    def __init__(self):
        super().__init__()
        self.now, self.asked, self.nobody = 0.0, [], set()

    def recover(self, frame, detections):
        self.now += EACH * len(detections)
        asked = detections.boxes_px[:, 0].round(-1).astype(int)
        self.asked.append(asked.tolist())
        is_somebody = ~np.isin(asked, list(self.nobody))
        bodies = super().recover(frame, detections.select(is_somebody))
        bodies.joint_confidence[:] = bodies.joint_probability[:] = 0.8
        return bodies


def budgeted(people):
    inner = Costly()
    recovery = BudgetedRecovery(inner, (people + 0.5) * EACH, lambda: inner.now)
    return inner, recovery


def crowd(count, sizes=120.0, shift=0.0):
    """Boxes side by side, each known by its left edge."""
    left = 20.0 + 60 * np.arange(count) + shift
    height = np.broadcast_to(sizes, count)
    boxes = np.stack((left, np.full(count, 100.0), left + 40, 100 + height), 1)
    return Detections(boxes.astype(np.float32), np.full(count, 0.9, np.float32))


def image(number):
    return Frame(np.zeros((480, 640, 3), np.uint8), number * STEP, CAMERA)


def posed(number, yaw):
    pose = Pose(Rotation.from_rotvec([0, yaw, 0]).as_matrix(), np.zeros(3))
    return replace(image(number), fixed_from_camera=pose)


def test_where_the_time_suffices_everybody_is_fresh():
    inner, recovery = budgeted(10)
    for number in range(1, 5):
        bodies = recovery.recover(image(number), crowd(8))
        assert len(bodies) == 8 and not bodies.pose_age.any()
    assert [len(asked) for asked in inner.asked] == [8] * 4


def test_nobody_waits_longer_than_it_takes_to_serve_all():
    inner, recovery = budgeted(3)
    for number in range(1, 30):
        bodies = recovery.recover(image(number), crowd(9, shift=number % 3))
        assert len(bodies) == 9
        assert (np.diff(bodies.boxes_px[:, 0]) > 0).all()  # in the detections' order
        if number > 1:
            assert len(inner.asked[-1]) == 3
        assert bodies.pose_age.max() <= 0.35
    assert len({who for asked in inner.asked[1:4] for who in asked}) == 9


def test_who_is_new_comes_first():
    inner, recovery = budgeted(2)
    for number in range(1, 4):
        recovery.recover(image(number), crowd(6))
    bodies = recovery.recover(image(4), crowd(7))
    assert 380 in inner.asked[-1] and len(bodies) == 7 and bodies.pose_age[6] == 0


def test_who_is_near_comes_more_often():
    inner, recovery = budgeted(2)
    sizes = np.array([360.0, *[60.0] * 7])
    for number in range(1, 80):
        recovery.recover(image(number), crowd(8, sizes))
    times = [sum(who in asked for asked in inner.asked) for who in range(20, 500, 60)]
    assert times[0] > 1.25 * max(times[1:])


def test_beyond_the_time_new_people_are_left_to_be_stood_up():
    _, recovery = budgeted(2)
    recovery.recover(image(1), crowd(1))
    bodies = recovery.recover(image(2), crowd(9))
    assert len(bodies) == 3  # the one who was there, and two


def test_stamps_that_do_not_grow_and_another_camera_begin_anew():
    _, recovery = budgeted(2)
    for number in (5, 6):
        recovery.recover(image(number), crowd(6))
    assert not recovery.recover(image(3), crowd(6)).pose_age.any()
    recovery.recover(image(4), crowd(6))
    other = Frame(np.zeros((480, 640, 3), np.uint8), 5 * STEP, CAMERA, "other_optical_frame")
    assert not recovery.recover(other, crowd(6)).pose_age.any()


def test_who_was_away_for_long_is_new():
    inner, recovery = budgeted(2)
    for number in range(1, 5):
        recovery.recover(image(number), crowd(4))
    for number in range(5, 20):
        recovery.recover(image(number), crowd(3))
    bodies = recovery.recover(image(20), crowd(4))
    assert bodies.pose_age[3] == 0 and 200 in inner.asked[-1]


def test_a_box_that_shows_nobody_takes_no_more_than_its_turn():
    inner, recovery = budgeted(1)
    inner.nobody = {80}
    for number in range(1, 41):
        bodies = recovery.recover(image(number), crowd(4))
        assert len(bodies) == 3 and 80 not in bodies.boxes_px[:, 0]
    times = [sum(who in asked for asked in inner.asked) for who in range(20, 260, 60)]
    assert times[1] <= min(times[0], *times[2:]) and min(times) >= 5


def test_who_could_not_be_read_in_one_image_has_another_turn_at_once():
    inner, recovery = budgeted(1)
    recovery.recover(image(1), crowd(3))
    inner.nobody = {20, 80, 140}
    assert len(recovery.recover(image(2), crowd(3))) == 2
    inner.nobody = set()
    assert len(recovery.recover(image(3), crowd(3))) == 3
    assert len(inner.asked[1]) == 1 and inner.asked[1] == inner.asked[2]


def test_bodies_turn_as_the_camera_does():
    _, recovery = budgeted(1)
    first = recovery.recover(posed(1, 0.0), crowd(3))
    second = recovery.recover(posed(2, 0.3), crowd(3))
    turn = Rotation.from_rotvec([0, -0.3, 0]).as_matrix()
    old = second.pose_age > 0
    assert old.sum() == 2
    np.testing.assert_allclose(
        second.global_orient[old], turn @ first.global_orient[old], atol=1e-5
    )


def test_an_empty_image_asks_for_nothing():
    inner, recovery = budgeted(2)
    recovery.recover(image(1), crowd(3))
    assert len(recovery.recover(image(2), Detections.empty())) == 0
    assert len(recovery.recover(image(3), crowd(3))) == 3
    assert inner.asked[1] == []


def test_people_say_when_their_pose_was_recovered():
    inner, recovery = budgeted(2)
    pipeline = create_pipeline(PipelineConfig(), recovery=recovery)
    for number in range(1, 12):
        result = pipeline.process(image(number), crowd(8))
    people = result.people
    age = people.last_seen_ns - people.last_recovered_ns
    assert (people.last_seen_ns == 11 * STEP).all()
    np.testing.assert_allclose(age / 1e9, people.bodies.pose_age, atol=1e-6)
    assert 0 < age.max() <= 5 * STEP and (age == 0).sum() == 2
    assert inner.asked


def test_a_limit_holds_for_the_next_image():
    inner, recovery = budgeted(4)
    recovery.recover(image(1), crowd(8))
    recovery.limit(2.5 * EACH)
    for number in (2, 3):
        recovery.recover(image(number), crowd(8))
    recovery.limit(100 * EACH)  # no more than every image may take
    recovery.recover(image(4), crowd(8))
    assert [len(asked) for asked in inner.asked] == [8, 2, 4, 4]


def test_what_finding_and_following_leave_of_the_time_is_for_bodies():
    inner = Costly()
    recovery = BudgetedRecovery(inner, np.inf, lambda: inner.now)
    pipeline = create_pipeline(PipelineConfig(), recovery=recovery)
    pipeline.process(image(1), crowd(6))
    for number, within in ((2, None), (3, 3.5 * EACH), (4, -1.0), (5, None)):
        result = pipeline.process(image(number), crowd(6), within=within)
        assert len(result.people) == 6
    assert [len(asked) for asked in inner.asked] == [6, 6, 3, 1, 6]


@pytest.mark.parametrize("deadline", [0.0, 0.2])
def test_a_deadline_needs_a_recovery_that_keeps_to_a_time(deadline):
    recovery = create_recovery(RecoveryConfig("upright", deadline=deadline))
    assert isinstance(recovery, BudgetedRecovery) == (deadline > 0)
    assert ("as time allows" in recovery.description) == (deadline > 0)


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_the_setting_decides(seconds):
    recovery = create_recovery(RecoveryConfig("upright", budget=seconds))
    assert isinstance(recovery, BudgetedRecovery) == (seconds > 0)
    assert recovery.name == "upright"
    assert ("50 ms an image" in recovery.description) == (seconds > 0)

"""What the landmarks of a person's last images do for those of the next one."""

import numpy as np
import pytest

from humans4d_core.recovery.landmarks.blazepose import Landmarks
from humans4d_core.recovery.landmarks.landmark_memory import (
    KEPT,
    READ_ANEW,
    TURNED,
    LandmarkMemory,
)
from humans4d_core.recovery.landmarks.landmark_reading import Readings
from humans4d_core.recovery.landmarks.regions import Regions
from humans4d_core.recovery.landmarks.side_swaps import OTHER_SIDES, renamed
from humans4d_core.recovery.landmarks.steady_points import AGREED
from humans4d_core.types import Camera, Frame, Pose

USED = np.array([11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
CAMERA = Camera(600, 600, 320, 240, 640, 480)
IMAGE = np.zeros((480, 640, 3), np.uint8)
SECONDS, DISTANCE = 0.1, 4.0
BOX = np.array([[270.0, 160, 370, 380]])


def frame(number, camera=CAMERA, **more):
    return Frame(IMAGE, 10**9 + round(number * SECONDS * 1e9), camera, **more)


@pytest.fixture
def standing():
    """(1, 33, 3) m from the hips of somebody who faces the camera, arms bent forwards."""
    points = np.zeros((33, 3))
    for left, (x, y, z) in {
        11: (0.2, -0.5, 0), 13: (0.3, -0.25, 0), 15: (0.3, -0.2, -0.25), 23: (0.12, 0, 0),
        25: (0.12, 0.42, -0.05), 27: (0.12, 0.85, 0.05), 31: (0.15, 0.9, -0.1),
    }.items():  # fmt: skip
        points[left], points[left + 1] = (x, y, z), (-x, y, z)
    return points[None]


def seen(points, noise=0.0, rng=None, lean=0.3):
    """Landmarks of N people (N, 33, 3) m from their hips, DISTANCE away, who lean by `lean` rad."""
    rng = rng or np.random.default_rng(0)
    places = points + (0, 0, DISTANCE)
    pixels = 600 * places[..., :2] / places[..., 2:] + (320, 240)
    world = points + rng.normal(0, noise, points.shape)
    n = len(points)
    wanted = Regions(np.full((n, 2), 300.0), np.full(n, 380.0), np.full(n, lean))
    return Landmarks(pixels, world, np.ones((n, 33)), np.ones(n), wanted)


def read(landmarks):
    rays = (landmarks.pixels[:, USED] - (320, 240)) / 600
    world = landmarks.world[:, USED]
    spread = np.full(world.shape[:2], 0.02)
    return Readings(rays, landmarks.visibility[:, USED], world, world, spread)


def shown(memory, number, landmarks, boxes=BOX, **more):
    who = memory.recall(frame(number, **more), boxes)
    return who, *memory.steadied(who, boxes, landmarks, read)


def test_who_is_seen_for_the_first_time_is_as_read(standing):
    who, landmarks, readings = shown(LandmarkMemory(USED), 0, seen(standing))
    assert who.tolist() == [-1]
    np.testing.assert_allclose(readings.rays, read(landmarks).rays)
    np.testing.assert_allclose(readings.points, standing[:, USED], atol=1e-12)


def test_points_that_tremble_are_steadied(standing):
    memory, rng = LandmarkMemory(USED), np.random.default_rng(2)
    as_read, steady = [], []
    for number in range(40):
        landmarks = seen(standing, 0.04, rng)
        _, _, readings = shown(memory, number, landmarks)
        points = read(landmarks).points
        as_read.append(points - points[:, 6:8].mean(1, keepdims=True))
        steady.append(readings.points)
    jitter = [np.abs(np.diff(ways[10:], 2, axis=0)).mean() for ways in (as_read, steady)]
    assert jitter[1] < 0.6 * jitter[0]
    assert np.std(steady[10:], axis=0).mean() < 0.9 * np.std(as_read[10:], axis=0).mean()


def test_somebody_named_by_the_wrong_sides_for_an_image_keeps_the_right_ones(standing):
    memory = LandmarkMemory(USED)
    for number in range(8):
        shown(memory, number, seen(standing))
    who, landmarks, readings = shown(memory, 8, renamed(seen(standing)))
    assert who.tolist() == [0]
    np.testing.assert_allclose(landmarks.pixels, seen(standing).pixels)
    np.testing.assert_allclose(readings.points, standing[:, USED], atol=1e-6)


def test_sides_that_stay_other_ones_are_right(standing):
    memory, other = LandmarkMemory(USED), renamed(seen(standing))
    for number in range(8):
        shown(memory, number, seen(standing))
    kept = []
    for number in range(8, 20):
        _, landmarks, _ = shown(memory, number, other)
        kept.append(not np.array_equal(landmarks.pixels, other.pixels))
    assert sum(kept) == pytest.approx(AGREED / SECONDS, abs=1)
    assert kept == sorted(kept, reverse=True)


def test_sides_seen_once_overrule_nothing(standing):
    memory, other = LandmarkMemory(USED), renamed(seen(standing))
    shown(memory, 0, seen(standing))
    _, landmarks, readings = shown(memory, 1, other)
    np.testing.assert_array_equal(landmarks.pixels, other.pixels)
    np.testing.assert_allclose(readings.points, read(other).points, atol=1e-12)


def test_other_sides_are_each_others():
    np.testing.assert_array_equal(OTHER_SIDES[OTHER_SIDES], np.arange(33))
    moved = np.flatnonzero(np.arange(33) != OTHER_SIDES)
    assert len(moved) == 32  # all but the nose


def test_people_are_found_again_whatever_the_boxes_order(standing):
    memory = LandmarkMemory(USED)
    boxes = np.concatenate((BOX, BOX + 210))
    two = np.concatenate((standing, 0.9 * standing))
    shown(memory, 0, seen(two), boxes)
    who, _, readings = shown(memory, 1, seen(two[::-1]), boxes[::-1] + 5)
    assert who.tolist() == [1, 0]
    np.testing.assert_allclose(readings.points, two[::-1][:, USED], atol=1e-6)


def test_who_is_elsewhere_is_somebody_else(standing):
    memory = LandmarkMemory(USED)
    shown(memory, 0, seen(standing))
    assert memory.recall(frame(1), BOX + 180).tolist() == [-1]


@pytest.mark.parametrize("later", [0, -1, KEPT / SECONDS + 1])
def test_time_that_stands_goes_back_or_leaps_forgets(standing, later):
    memory = LandmarkMemory(USED)
    shown(memory, 5, seen(standing))
    assert memory.recall(frame(5 + later), BOX).tolist() == [-1]


def test_another_camera_forgets(standing):
    memory = LandmarkMemory(USED)
    shown(memory, 0, seen(standing))
    assert memory.recall(frame(1, frame_id="rear"), BOX).tolist() == [-1]


def test_who_is_missed_for_an_image_is_remembered(standing):
    memory = LandmarkMemory(USED)
    shown(memory, 0, seen(standing))
    nobody = np.zeros((0, 4))
    assert memory.recall(frame(1), nobody).tolist() == []
    assert memory.recall(frame(2), BOX).tolist() == [0]


def expectations(memory, landmarks, images=25):
    for number in range(images):
        boxes = BOX + (number % 2) * 8
        who = memory.recall(frame(number), boxes)
        yield memory.expected(who, boxes)
        memory.steadied(who, boxes, landmarks, read)


def test_a_box_is_read_where_its_person_was(standing):
    first, *others = expectations(LandmarkMemory(USED), seen(standing))
    assert first is None
    for number, expected in enumerate(others):
        assert expected.is_known.tolist() == [True] and expected.is_due.tolist() == [False]
        assert expected.regions.angles.tolist() == [0.3]
        np.testing.assert_allclose(expected.regions.centers - 300, -8 if number % 2 else 8)


def test_the_box_of_who_leans_far_is_now_and_then_read_anew(standing):
    leaning = seen(standing, lean=-TURNED - 0.1)
    _, *others = expectations(LandmarkMemory(USED), leaning)
    due = sum(bool(expected.is_due[0]) for expected in others)
    assert due == int(25 * SECONDS / (READ_ANEW + SECONDS))


def test_landmarks_that_do_not_fill_their_box_expect_nothing(standing):
    _, *others = expectations(LandmarkMemory(USED), seen(0.2 * standing))
    assert not any(expected.is_known[0] for expected in others)


def test_a_camera_that_turns_takes_the_points_along(standing):
    """A camera that turns about the viewing direction: the person turns in its axes the other way,
    and stays where the prediction has it."""
    memory, angle = LandmarkMemory(USED), 0.8
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    for number in range(8):
        shown(memory, number, seen(standing), fixed_from_camera=Pose(np.eye(3), np.zeros(3)))
    turned = seen(standing @ turn)  # rows: turn^T p
    who = memory.recall(frame(8, fixed_from_camera=Pose(turn, np.zeros(3))), BOX)
    expected = memory._people.state.points.position
    assert who.tolist() == [0]
    np.testing.assert_allclose(expected, turned.world[:, USED], atol=1e-6)


def test_a_reading_unlike_all_before_is_believed_once_it_lasts(standing):
    memory = LandmarkMemory(USED)
    for number in range(12):
        shown(memory, number, seen(standing))
    lying = standing[..., [1, 0, 2]] * (1, -0.3, -3)
    believed = []
    for number in range(12, 20):
        _, _, readings = shown(memory, number, seen(lying))
        believed.append(np.allclose(readings.points, lying[:, USED], atol=0.05))
        if number < 14:
            np.testing.assert_allclose(readings.points, standing[:, USED], atol=0.05)
    assert believed == sorted(believed)
    assert 2 <= believed.index(True) <= AGREED / SECONDS + 1


def test_who_is_not_in_an_image_is_remembered_beside_who_is(standing):
    memory = LandmarkMemory(USED)
    boxes = np.concatenate((BOX, BOX + 210))
    shown(memory, 0, seen(np.concatenate((standing, 0.9 * standing))), boxes)
    who = memory.recall(frame(1), boxes[:1])
    memory.steadied(who, boxes[:1], seen(standing), read)
    assert sorted(memory.recall(frame(2), boxes).tolist()) == [0, 1]

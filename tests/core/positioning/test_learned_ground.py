"""The ground that nobody gave, learned from people's feet."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.types import Pose

RATE = 3.0
SIZES = np.array([0.93, 1.05, 1.0, 0.97, 1.08, 1.02])


def crossing(scene, seconds):
    """Six people who walk to and fro before the camera, at `seconds`: (6, 2) m."""
    start = np.array([(4.0, -1), (5.0, 1), (6.0, -2), (7.0, 2), (5.5, 0), (8.0, 0)])
    way = np.array([(1, 1.0), (-1, -1), (-1, 2), (1, -2), (1.5, 0), (-2, 1)])
    return start + way * np.sin(seconds * 2 * np.pi / 9 + np.arange(6))[:, None]


def watched(scene, positioning, resize, times, people=slice(None), **frame):
    """Exact and found bodies of people of different sizes, image after image."""
    for seconds in times:
        exact = scene.people(crossing(scene, seconds)[people], "walk", seconds % 1)
        seen = resize(exact, SIZES[people])
        yield exact, positioning.place(scene.frame(seconds, False, **frame), seen)


def mean_error(exact, found):
    return np.linalg.norm(found.pelvis_cam - exact.pelvis_cam, axis=1).mean()


def tilt_and_height(positioning, scene):
    """Error of the learned plane: rad, and relative."""
    plane = positioning.learned_ground.plane_cam
    up = -plane / np.linalg.norm(plane)
    true = scene.ground_from_camera
    height = 1 / np.linalg.norm(plane)
    return np.arccos(up @ true.rotation[2]), height / true.translation[2] - 1


@pytest.mark.parametrize("height, pitch, roll", [(1.3, 0.1, 0.0), (2.5, 0.4, 0.1)])
def test_people_of_unknown_sizes_show_the_ground(
    scene_over, positioning, resize, height, pitch, roll
):
    scene = scene_over(height, pitch, roll)
    *_, (exact, found) = watched(scene, positioning, resize, np.arange(0, 15, 1 / RATE))
    tilt, relative_height = tilt_and_height(positioning, scene)
    # Sizes that happen to be larger on one side look like a tilt, and nobody can know.
    assert tilt < 0.02 and abs(relative_height) < 0.03
    assert mean_error(exact, found) < 0.65 * mean_error(exact, resize(exact, SIZES))
    assert (np.linalg.eigvalsh(found.pelvis_covariance_cam) > 0).all()


def test_someone_who_stands_still_teaches_no_plane(scene, positioning, resize):
    exact = resize(scene.people([(4.0, 0.0)]), 1.05)
    for seconds in np.arange(0, 10, 1 / RATE):
        assert positioning.place(scene.frame(seconds, False), exact) is exact


def test_one_persons_size_stays_as_uncertain_as_it_is(scene, positioning, resize):
    *_, (exact, found) = watched(
        scene, positioning, resize, np.arange(0, 40, 1 / RATE), people=slice(4, 5)
    )
    ray = exact.pelvis_cam[0] / np.linalg.norm(exact.pelvis_cam[0])
    along = np.sqrt(ray @ found.pelvis_covariance_cam[0].astype(float) @ ray)
    assert along > 0.03 * exact.pelvis_cam[0, 2]  # the size is 8 % wrong


def test_a_camera_that_was_tilted_forgets_the_old_ground(scene_over, positioning, resize):
    before, after = scene_over(1.3, 0.1), scene_over(1.3, 0.25)
    for _ in watched(before, positioning, resize, np.arange(0, 10, 1 / RATE)):
        pass
    *_, (exact, found) = watched(after, positioning, resize, np.arange(10, 30, 1 / RATE))
    tilt, _ = tilt_and_height(positioning, after)
    assert tilt < 0.02
    assert mean_error(exact, found) < mean_error(exact, resize(exact, SIZES))


def test_a_camera_that_turns_and_says_so_keeps_the_ground(scene_over, positioning, resize):
    still, tilted = scene_over(1.3, 0.1), scene_over(1.3, 0.25)
    for scene, times in ((still, np.arange(0, 9, 1 / RATE)), (tilted, [9.1])):
        before = None if scene is still else tilt_and_height(positioning, still)[0]
        pose = scene.ground_from_camera
        *_, (exact, found) = watched(scene, positioning, resize, times, fixed_from_camera=pose)
    assert abs(tilt_and_height(positioning, tilted)[0] - before) < 0.002
    assert mean_error(exact, found) < mean_error(exact, resize(exact, SIZES))


def test_numbers_that_are_not_finite_teach_nothing(scene, positioning, resize):
    for name in ("pelvis_covariance_cam", "vertices_cam", "joint_confidence", "joints_cam"):
        for exact, _ in watched(scene, positioning, resize, np.arange(0, 3, 1 / RATE)):
            broken = getattr(exact, name).copy()
            broken[0] = np.nan
            positioning.place(scene.frame(3.1, False), replace(exact, **{name: broken}))
        *_, (exact, found) = watched(scene, positioning, resize, [3.2])
        assert np.isfinite(found.pelvis_cam).all()
        assert np.isfinite(positioning.learned_ground.plane_cam).all()


def test_a_pose_that_is_no_pose_is_left_out(scene, positioning, resize):
    broken = Pose(np.full((3, 3), np.nan), np.zeros(3))
    times = np.arange(0, 5, 1 / RATE)
    for _, found in watched(scene, positioning, resize, times, fixed_from_camera=broken):
        assert np.isfinite(found.pelvis_cam).all()
    exact = scene.people(crossing(scene, 5.1), "walk")
    plane = positioning.learned_ground.plane_cam
    ground_too = replace(scene.frame(5.1), ground_from_camera=broken)
    found = positioning.place(ground_too, resize(exact, SIZES))
    assert np.isfinite(plane).all() and mean_error(exact, found) < 0.3


def test_a_camera_that_nods_makes_the_ground_less_sure(scene_over, positioning, resize):
    *_, (_, steady) = watched(
        scene_over(1.3, 0.12), positioning, resize, np.arange(0, 12, 1 / RATE)
    )
    errors, variances = [], []
    for seconds in np.arange(12, 20, 1 / RATE):
        scene = scene_over(1.3, 0.12 + 0.06 * np.sin(7 * seconds))
        ((exact, found),) = watched(scene, positioning, resize, [seconds])
        errors.append(np.square(found.pelvis_cam - exact.pelvis_cam).sum(-1))
        variances.append(np.trace(found.pelvis_covariance_cam, axis1=1, axis2=2))
    # A plane that nods by 0.06 rad is wrong by a quarter of the distance at 5 m.
    assert np.mean(errors) < 1.5 * np.mean(variances)
    before = np.trace(steady.pelvis_covariance_cam, axis1=1, axis2=2)
    assert np.mean(variances) > 1.3 * before.mean()


def test_reset_forgets(scene, positioning, resize):
    for _ in watched(scene, positioning, resize, np.arange(0, 5, 1 / RATE)):
        pass
    assert positioning.learned_ground.plane_cam is not None
    positioning.reset()
    assert positioning.learned_ground.plane_cam is None


def test_time_that_stands_still_or_goes_back_teaches_nothing(scene, positioning, resize):
    times = [5.0, *[5.0] * 20, 4.0, 3.0, 2.0]
    for _ in watched(scene, positioning, resize, times):
        pass
    assert positioning.learned_ground.plane_cam is None

"""A camera that moves does not move the people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.geometry import project
from humans4d_core.tracking import Tracker
from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.types import Pose, TrackState


def driving(seconds, start=(3e5, -2e4, 0.0)):
    """A camera that looks along the fixed frame's z and drives sideways in a curve."""
    turn = Rotation.from_euler("y", 0.3 * np.sin(seconds)).as_matrix()
    return Pose(turn, np.add(start, (0.8 * seconds, 0, 0.3 * seconds)))


def place(pelvis_fixed, pose):
    return pose.inverse().apply(np.asarray(pelvis_fixed, np.float64).reshape(-1, 3))


@pytest.fixture
def film(frame_at, people_at):
    """Function: tracker, frames, people in the fixed frame at a time, who is seen -> (people,
    pose) of each frame, at 10 Hz."""

    def play(tracker, frames, people, seen=lambda k: True, poses=driving, given=lambda k: True):
        for k in range(frames):
            pose = poses(k / 10)
            bodies = people_at(place(people(k / 10), pose))
            bodies = bodies if seen(k) else bodies.select(slice(0, 0))
            frame = replace(frame_at(k / 10), fixed_from_camera=pose if given(k) else None)
            yield tracker.update(frame, bodies), pose

    return play


def standing(seconds):
    return np.array([(3e5 + 0.5, -2e4, 6.0), (3e5 + 2.5, -2e4, 8.0)])


@pytest.mark.parametrize("make", [Tracker, lambda: PhalpTracker(PhalpConfig(min_box_px=(0, 0)))])
def test_people_who_stand_have_no_velocity_whatever_the_camera_does(film, make):
    for people, _ in film(make(), 40, standing):
        assert people.track_ids.tolist() == [1, 2]
    np.testing.assert_allclose(people.velocity_cam, 0, atol=0.05)


def test_velocities_are_those_of_the_fixed_frame_in_the_cameras_axes(film):
    velocity = np.array([0.3, 0, -0.8])

    def walking(seconds):
        return standing(seconds) + velocity * seconds

    *_, (people, pose) = film(Tracker(), 45, walking)
    np.testing.assert_allclose(people.velocity_cam @ pose.rotation.T, [velocity] * 2, atol=0.1)


def test_without_poses_velocities_are_relative_to_the_camera(film):
    def straight(seconds):
        return Pose(np.eye(3), (3e5 + 0.8 * seconds, -2e4, 0))

    *_, (people, _) = film(Tracker(), 40, standing, poses=straight, given=lambda k: False)
    np.testing.assert_allclose(people.velocity_cam, [(-0.8, 0, 0)] * 2, atol=0.1)


def test_the_filter_gives_what_it_gives_in_the_fixed_frame(frame_at, people_at):
    """Rotating and shifting the whole world, camera included, changes nothing."""
    still, moved, random = Tracker(), Tracker(), np.random.default_rng(0)
    here = Pose(Rotation.random(random_state=1).as_matrix(), (10, 20, 30))
    for k in range(20):
        bodies = people_at([(0.1 * k, 0, 6)], depth_error=random.normal(0, 0.1, 1))
        a = still.update(frame_at(k / 10), bodies)
        b = moved.update(replace(frame_at(k / 10), fixed_from_camera=here), bodies)
        if k:  # the first pose says: velocities are of another frame from here on
            np.testing.assert_allclose(a.velocity_cam, b.velocity_cam, atol=1e-5)
            np.testing.assert_allclose(
                a.position_covariance_cam, b.position_covariance_cam, rtol=1e-4, atol=1e-9
            )


def test_a_hidden_persons_body_stays_where_it_is_and_turns_against_the_camera(film, camera):
    seen = []
    for people, pose in film(Tracker(), 32, standing, seen=lambda k: k < 25):
        seen.append((people, pose))
    (before, old), (people, new) = seen[24], seen[-1]
    assert (people.states == TrackState.OCCLUDED).all()
    step = new.inverse() @ old
    for name in ("vertices_cam", "joints_cam"):
        expected = step.apply(getattr(before.bodies, name))
        np.testing.assert_allclose(getattr(people.bodies, name), expected, atol=0.1)
    bodies = people.bodies
    np.testing.assert_allclose(
        bodies.global_orient, step.rotation @ before.bodies.global_orient, atol=1e-5
    )
    np.testing.assert_allclose(bodies.joints_px, project(bodies.joints_cam, camera), atol=1e-3)
    # SMPL's translation is the root joint's place less the root joint of the body at rest.
    rest = before.bodies.joints_cam[:, 0] - before.bodies.translation_cam
    np.testing.assert_allclose(bodies.joints_cam[:, 0] - bodies.translation_cam, rest, atol=1e-4)
    middle = bodies.boxes_px.reshape(-1, 2, 2).mean(1)
    np.testing.assert_allclose(middle, project(place(standing(0)[::-1], new), camera), atol=20)


def test_who_is_behind_the_camera_for_a_moment_is_kept_and_found_again(film):
    """A robot that turns on the spot, right round in two seconds."""

    def around(seconds):
        angle = np.pi * np.clip(seconds - 1.5, 0, 2)
        return Pose(Rotation.from_euler("y", angle).as_matrix(), (3e5, -2e4, 0))

    def in_view(k):
        return abs((np.pi * np.clip(k / 10 - 1.5, 0, 2) + np.pi) % (2 * np.pi) - np.pi) < 0.4

    tracker, behind = Tracker(), 0
    for people, pose in film(tracker, 40, lambda s: standing(s)[:1], seen=in_view, poses=around):
        assert people.track_ids.tolist() == [1]
        place_now = place(standing(0)[:1], pose)
        np.testing.assert_allclose(people.bodies.pelvis_cam, place_now, atol=0.3)
        assert all(np.isfinite(v).all() for v in (people.bodies.joints_px, people.bodies.boxes_px))
        behind += people.bodies.pelvis_cam[0, 2] < 0
    assert behind > 5
    assert people.states.tolist() == [TrackState.CONFIRMED]


@pytest.mark.parametrize("given", [
    lambda k: k % 3 > 0,
    lambda k: k < 10 or k > 12,
    lambda k: k < 10 or k > 25,
    lambda k: k > 20,
    lambda k: k < 20,
])  # fmt: skip
def test_poses_that_come_and_go_cost_no_id(film, given):
    for people, _ in film(Tracker(), 45, standing, given=given):
        assert people.track_ids.tolist() == [1, 2]
        assert np.isfinite(people.velocity_cam).all()
        assert (np.linalg.eigvalsh(people.position_covariance_cam) > 0).all()
    if given(44) and given(30):
        np.testing.assert_allclose(people.velocity_cam, 0, atol=0.25)


def test_a_pose_that_jumps_costs_no_id_and_no_velocity(film):
    def jumping(seconds):
        pose = driving(seconds)
        return pose if seconds < 2 else Pose(np.eye(3), (7.0, 3.0, -40.0)) @ pose

    def people_there(seconds):
        return standing(seconds) + (0 if seconds < 2 else np.array([7.0, 3, -40]))

    for people, _ in film(Tracker(), 40, people_there, poses=jumping):
        assert people.track_ids.tolist() == [1, 2]
        assert np.linalg.norm(people.velocity_cam, axis=1).max() < 0.3

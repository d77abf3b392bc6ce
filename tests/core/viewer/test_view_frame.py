"""Where the world is that the view shows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_people import made_people
from scipy.spatial.transform import Rotation

from humans4d_core.types import Camera, Forecast, Frame, Pose
from humans4d_core.viewer import view_frame
from humans4d_core.viewer.view_frame import level_pose

CAMERA = Camera(500.0, 500.0, 320.0, 240.0, 640, 480)


def frame(**known):
    return Frame(np.zeros((480, 640, 3), np.uint8), 5, CAMERA, **known)


@given(st.floats(-1.4, 1.4), st.floats(-0.7, 0.7))
def test_up_is_z_and_forward_has_no_height_to_its_right(pitch, roll):
    up = Rotation.from_euler("zx", (roll, pitch)).apply((0.0, -1.0, 0.0))
    pose = level_pose(up)
    np.testing.assert_allclose(pose.apply(up), (0, 0, 1), atol=1e-9)
    np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(pose.rotation) > 0
    ahead = pose.apply(np.array((0.0, 0.0, 1.0)))
    assert ahead[1] > 0 and abs(ahead[0]) < 1e-9


@pytest.mark.parametrize("up", [None, (0, 0, 1), (0, 0, -1), (np.nan, 0, 0), (0, 0, 0)])
def test_a_camera_of_which_nothing_is_known_looks_along_y(up):
    np.testing.assert_allclose(level_pose(up).apply(np.array((1.0, 2.0, 3.0))), (1, 3, -2))


def test_people_are_where_the_frames_pose_puts_them():
    people = made_people(3)
    turn = Rotation.from_euler("xyz", (0.3, 1.0, -0.5)).as_matrix()
    pose = Pose(turn, np.array((1.0, 2.0, 3.0)))
    shown = view_frame(frame(fixed_from_camera=pose), people, up_cam=(0, -1, 0))
    np.testing.assert_allclose(shown.pelvis_world, pose.apply(people.bodies.pelvis_cam), atol=1e-6)
    assert shown.ground_m is None


def test_a_known_ground_is_the_worlds_floor():
    pose = Pose(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), np.array((0, 0, 1.5)))
    shown = view_frame(frame(ground_from_camera=pose), made_people(1))
    assert shown.ground_m == 0 and shown.world_from_camera is pose


def test_distances_are_from_the_camera_wherever_people_are_told():
    people = made_people(3)
    here = view_frame(frame(), people)
    np.testing.assert_allclose(
        here.distances, np.linalg.norm(people.bodies.pelvis_cam, axis=1), rtol=1e-6
    )
    # People told in odom, and a camera that stands elsewhere in it.
    eye = np.array((3.0, -2.0, 1.0))
    odom = replace(
        here, world_from_camera=Pose(np.eye(3), np.zeros(3)), world_from_image=Pose(np.eye(3), eye)
    )
    expected = np.linalg.norm(people.bodies.pelvis_cam - eye, axis=1)
    np.testing.assert_allclose(odom.distances, expected, rtol=1e-6)
    assert np.isnan(replace(odom, camera=None).distances).all()


def test_a_forecast_of_others_is_left_out():
    forecast = Forecast(np.zeros((2, 4, 3), np.float32), np.zeros((2, 4, 3, 3), np.float32))
    assert view_frame(frame(), made_people(3), forecast=forecast).forecast is None
    assert view_frame(frame(), made_people(2), forecast=forecast).forecast is forecast

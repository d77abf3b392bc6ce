"""People in another frame: the same bodies, seen from elsewhere."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.geometry.coordinate_frames import (
    forecast_in_coordinate_frame,
    people_in_coordinate_frame,
)
from humans4d_core.types import Bodies, Forecast, People, Pose, TrackState

COUNT = 3


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture
def pose():
    return Pose(Rotation.from_euler("xyz", [100, 20, -50], degrees=True).as_matrix(), [5, -2, 1.5])


@pytest.fixture
def people(body) -> People:
    """People whose bodies are the body model's, at scales that differ."""
    random = np.random.default_rng(0)
    rotations = Rotation.random(COUNT * 24, random_state=0).as_matrix().astype(np.float32)
    rotations = rotations.reshape(COUNT, 24, 3, 3)
    betas = random.normal(size=(COUNT, 10)).astype(np.float32)
    translation = np.float32([[0, 1, 4], [-1, 0, 6], [2, 1, 9]])
    scale = np.float32([1, 0.9, 1.2])
    vertices, joints = posed(body, rotations, betas, scale, translation)
    root = random.normal(size=(3, COUNT, 3, 3)).astype(np.float32)
    measured, position, velocity = root @ root.swapaxes(-1, -2)
    bodies = Bodies(
        boxes_px=random.normal(size=(COUNT, 4)).astype(np.float32),
        scores=np.ones(COUNT, np.float32),
        global_orient=rotations[:, 0],
        body_pose=rotations[:, 1:],
        betas=betas,
        translation_cam=translation,
        vertices_cam=vertices,
        joints_cam=joints,
        joints_px=random.normal(size=(COUNT, 24, 2)).astype(np.float32),
        joint_confidence=np.ones((COUNT, 24), np.float32),
        pelvis_covariance_cam=measured,
        recovery="landmarks",
        body_model=body.name,
        scale=scale,
    )
    ids = np.arange(1, COUNT + 1, dtype=np.uint32)
    return People(
        ids, ids, np.full(COUNT, TrackState.CONFIRMED, np.uint8), np.zeros(COUNT, np.int64),
        np.ones(COUNT, np.float32), bodies, random.normal(size=(COUNT, 3)).astype(np.float32),
        position, velocity,
    )  # fmt: skip


def posed(body, rotations, betas, scale, translation):
    shape = body(rotations[:, :1], rotations[:, 1:], betas)
    return (
        scale[:, None, None] * points + translation[:, None]
        for points in (shape.vertices, shape.joints)
    )


def test_the_body_model_gives_the_same_body_in_the_new_frame(people, pose, body):
    """Above all that SMPL's translation, which is not the pelvis, is moved rightly."""
    bodies = people_in_coordinate_frame(people, pose).bodies
    rotations = np.concatenate((bodies.global_orient[:, None], bodies.body_pose), axis=1)
    vertices, joints = posed(body, rotations, bodies.betas, bodies.scale, bodies.translation_cam)
    np.testing.assert_allclose(vertices, bodies.vertices_cam, atol=1e-5)
    np.testing.assert_allclose(joints, bodies.joints_cam, atol=1e-5)
    np.testing.assert_allclose(bodies.joints_cam, pose.apply(people.bodies.joints_cam), atol=1e-5)


def test_the_way_there_and_back_changes_nothing(people, pose):
    back = people_in_coordinate_frame(people_in_coordinate_frame(people, pose), pose.inverse())
    for name in ("velocity_cam", "position_covariance_cam", "velocity_covariance_cam"):
        np.testing.assert_allclose(getattr(back, name), getattr(people, name), atol=1e-5)
    for name in (
        "global_orient", "translation_cam", "vertices_cam", "joints_cam", "pelvis_covariance_cam",
        "boxes_px", "joints_px", "body_pose", "scale",
    ):  # fmt: skip
        expected, actual = getattr(people.bodies, name), getattr(back.bodies, name)
        assert actual.dtype == expected.dtype, name
        np.testing.assert_allclose(actual, expected, atol=1e-5, err_msg=name)


def test_covariances_and_velocities_turn(people):
    """A quarter turn about z: what was along x is along y."""
    turn = Pose(Rotation.from_euler("z", 90, degrees=True).as_matrix(), [100, 0, 0])
    turned = people_in_coordinate_frame(people, turn)
    np.testing.assert_allclose(turned.velocity_cam[:, 1], people.velocity_cam[:, 0], atol=1e-6)
    for name in ("position_covariance_cam", "velocity_covariance_cam"):
        before, after = getattr(people, name), getattr(turned, name)
        np.testing.assert_allclose(after[:, 1, 1], before[:, 0, 0], rtol=1e-5)
        np.testing.assert_allclose(after[:, 0, 1], -before[:, 0, 1], rtol=1e-4, atol=1e-6)


def test_far_from_the_origin_bodies_keep_their_size(people):
    """A kilometre away, float32 still holds a tenth of a millimetre."""
    far = people_in_coordinate_frame(people, Pose(np.eye(3), [1000, -1000, 0]))
    before, after = people.bodies.joints_cam, far.bodies.joints_cam
    np.testing.assert_allclose(after - after[:, :1], before - before[:, :1], atol=2e-4)


def test_nobody_stays_nobody(people, pose):
    nobody = people_in_coordinate_frame(people.select(np.zeros(COUNT, bool)), pose)
    assert len(nobody) == 0
    assert nobody.bodies.vertices_cam.shape[0] == 0


def test_a_forecast_moves_as_the_people_do(people, pose):
    positions = np.stack([people.bodies.pelvis_cam, people.bodies.pelvis_cam + 1], axis=1)
    covariances = np.stack([people.position_covariance_cam] * 2, axis=1)
    forecast = forecast_in_coordinate_frame(Forecast(positions, covariances), pose)
    moved = people_in_coordinate_frame(people, pose)
    assert forecast.positions_cam.dtype == forecast.covariances_cam.dtype == np.float32
    np.testing.assert_allclose(forecast.positions_cam[:, 0], moved.bodies.pelvis_cam, atol=1e-5)
    np.testing.assert_allclose(
        forecast.covariances_cam[:, 1], moved.position_covariance_cam, atol=1e-5
    )

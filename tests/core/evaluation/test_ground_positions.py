"""Errors on the ground, and the camera that its truth implies."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.errors import Humans4dError
from humans4d_core.evaluation.ground_positions import (
    aligned_errors,
    calibrated_camera,
    on_ground,
    score_positions,
)
from humans4d_core.geometry import project
from humans4d_core.types import Camera, Pose

CAMERA = Camera(900.0, 900.0, 340.0, 240.0, 640, 480, (-0.12, 0.0, 0.0, 0.0, 0.0))


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def pose():
    """A camera 5 m over the ground that looks down on the points around (10, 3)."""
    ahead = np.array([10.0, 7.0, -5.0]) / np.linalg.norm([10.0, 7.0, -5.0])
    right = np.cross(ahead, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    return Pose(np.stack((right, np.cross(ahead, right), ahead), 1), np.array([0.0, -4.0, 5.0]))


def places_of(random, count=200):
    return random.uniform((7, 0), (14, 6), (count, 2))


def seen(places, pose):
    points = np.column_stack((places, np.zeros(len(places))))
    return project(pose.inverse().apply(points), CAMERA)


def test_rays_meet_the_ground_where_they_came_from(random, pose):
    places = places_of(random)
    np.testing.assert_allclose(on_ground(seen(places, pose), CAMERA, pose), places, atol=1e-6)


def test_a_camera_is_found_again_from_what_it_sees(random, pose):
    places = places_of(random)
    pixels = seen(places, pose) + random.normal(0, 0.2, (len(places), 2))
    camera, found = calibrated_camera(pixels, places, 640, 480)
    assert camera.fx == pytest.approx(CAMERA.fx, rel=0.03)
    np.testing.assert_allclose(found.translation, pose.translation, atol=0.2)
    error = on_ground(pixels, camera, found) - places
    assert np.linalg.norm(error, axis=1).mean() < 0.02


def test_places_on_a_line_fix_no_camera(random, pose):
    places = np.column_stack((np.linspace(8, 14, 50), np.linspace(1, 4, 50)))
    with pytest.raises(Humans4dError, match="truth"):
        calibrated_camera(seen(places, pose), places, 640, 480)


def test_a_rigid_motion_of_all_positions_is_no_error(random, pose):
    places = places_of(random)
    points = pose.inverse().apply(np.column_stack((places, random.uniform(0, 2, len(places)))))
    moved = points @ Rotation.from_rotvec((0.05, -0.1, 0.02)).as_matrix().T + (0.3, -0.2, 1.0)
    np.testing.assert_allclose(aligned_errors(moved, places, pose), 0, atol=1e-4)


def test_honest_covariances_hold_95_percent_inside(random, pose):
    places = places_of(random, 4000)
    points = pose.inverse().apply(np.column_stack((places, np.ones(len(places)))))
    spread = random.normal(size=(len(places), 3, 3)) * 0.2
    covariances = spread @ spread.transpose(0, 2, 1) + 1e-4 * np.eye(3)
    noise = np.linalg.cholesky(covariances) @ random.normal(size=(len(places), 3, 1))
    score = score_positions(points + noise[..., 0], covariances, places, pose)
    assert score.count == 4000 and 93.5 < score.inside < 96.5
    assert score.median < score.p95
    too_sure = score_positions(points + noise[..., 0], covariances / 9, places, pose)
    assert too_sure.inside < 70

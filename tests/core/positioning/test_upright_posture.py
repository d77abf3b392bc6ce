"""Leans of people who stand are half believed; who sits may lean."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.config.positioning_config import DEFAULT
from humans4d_core.positioning.upright_posture import hips_over_feet


@pytest.fixture
def up(scene):
    return scene.ground_from_camera.rotation[2]


def moved_feet(bodies, direction, metres):
    joints = bodies.joints_cam.copy()
    joints[:, [4, 5, 7, 8, 10, 11]] += (metres * direction).astype(np.float32)
    return replace(bodies, joints_cam=joints)


@pytest.mark.parametrize("lean", [-0.1, 0.1])
def test_a_standing_persons_lean_is_partly_taken_back(scene, up, lean):
    standing = scene.people([(4.0, 0.0)])
    ahead = scene.ground_from_camera.rotation[0]  # the ground's x in the camera's axes
    leaning = moved_feet(standing, ahead, -lean)  # the hips are farther by `lean`
    change = 4.0 * (hips_over_feet(leaning, up) - hips_over_feet(standing, up))
    np.testing.assert_allclose(change, -DEFAULT.lean_doubted * lean, atol=0.015)


def test_a_seated_person_may_sit_far_behind_the_feet(scene, up):
    seated = scene.people([(4.0, 0.0)], "sit", heading=np.pi)
    np.testing.assert_array_equal(hips_over_feet(seated, up), 1.0)


def test_from_straight_above_nothing_is_taken_back(scene_over):
    above = scene_over(6.0, pitch=np.pi / 2 - 1e-3)
    standing = above.people([(0.01, 0.0)])
    factor = hips_over_feet(standing, above.ground_from_camera.rotation[2])
    np.testing.assert_allclose(factor, 1.0, atol=0.03)

"""How far a correction is followed."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, read_body_file
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.recovery.landmarks.point_corrector import (
    STANDING_SHARE,
    as_people_are_met,
    uprightness,
)


@pytest.fixture(scope="module")
def standing():
    """(1, K, 3) m of somebody who stands before a level camera, and which landmarks they are."""
    skeleton = LandmarkSkeleton(read_body_file(EMBEDDED_BODY, name="anny"))
    local = np.tile(np.eye(3), (1, 24, 1, 1))
    local[:, 0] = np.diag((1.0, -1.0, -1.0))
    return skeleton.pose(local, np.zeros((1, 10))).points, skeleton.landmarks


def turned(points, degrees):
    return points @ Rotation.from_euler("z", degrees, degrees=True).as_matrix().T


@pytest.mark.parametrize(
    ("degrees", "least", "most"), [(0, 0.95, 1), (45, 0.6, 0.75), (90, -0.1, 0.1), (180, -1, -0.95)]
)
def test_uprightness_is_the_cosine_of_a_lean(standing, degrees, least, most):
    points, landmarks = standing
    assert least <= uprightness(turned(points, degrees), landmarks)[0] <= most


def test_of_somebody_upright_the_middle_holds_and_of_others_the_correction(standing):
    points, landmarks = standing
    moved = np.random.default_rng(0).normal(0, 0.05, points.shape)
    hips = np.isin(landmarks, (23, 24))
    for degrees, share in ((0, STANDING_SHARE), (60, 1.0)):
        read = turned(points, degrees) + (0.3, 0, 2)
        centred = read - read[:, hips].mean(1, keepdims=True)
        found = as_people_are_met(read, centred + moved, landmarks)
        np.testing.assert_allclose(found - centred, share * moved, atol=1e-12)

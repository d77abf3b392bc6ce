"""People made of four vertices, seen by one camera."""

import numpy as np
import pytest

from humans4d_core.geometry import project
from humans4d_core.types import Bodies, Camera, Frame

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
IMAGE = np.zeros((480, 640, 3), np.uint8)
#: Pelvis, hips and the rest of a standing person, relative to the pelvis (m).
JOINTS = np.zeros((24, 3))
JOINTS[3:, 1] = np.linspace(-0.8, 0.8, 21)
CARD = np.array([[-0.25, -0.85, 0], [0.25, -0.85, 0], [0.25, 0.85, 0], [-0.25, 0.85, 0]])


@pytest.fixture
def camera():
    return CAMERA


@pytest.fixture
def frame_at():
    """Function: seconds -> Frame."""
    return lambda seconds: Frame(IMAGE, round(seconds * 1e9), CAMERA)


@pytest.fixture
def people_at():
    """Function: pelvis positions (N, 3) m, scores, relative depth errors -> Bodies.

    A depth error moves the body along its viewing ray and leaves its pixels as they are.
    """

    def make(positions, scores=0.9, depth_error=0.0):
        true = np.asarray(positions, np.float64).reshape(-1, 3)
        n = len(true)
        pelvis = true * (1 + np.broadcast_to(depth_error, n)[:, None])
        ray = true / np.linalg.norm(true, axis=1, keepdims=True)
        along = (0.15 * true[:, 2]) ** 2
        covariance = 0.05**2 * np.eye(3) + along[:, None, None] * ray[:, :, None] * ray[:, None]
        arrays = (
            project(true[:, None] + CARD[[0, 2]], CAMERA).reshape(n, 4),
            np.broadcast_to(scores, n), np.tile(np.eye(3), (n, 1, 1)),
            np.tile(np.eye(3), (n, 23, 1, 1)), np.zeros((n, 10)), pelvis + (0, 0.2, 0),
            pelvis[:, None] + CARD, pelvis[:, None] + JOINTS,
            project(true[:, None] + JOINTS, CAMERA), np.ones((n, 24)), covariance,
        )  # fmt: skip
        return Bodies(*(np.array(a, np.float32) for a in arrays), "synthetic", "card")

    return make

"""People made of four vertices or of a dressed cylinder, seen by one camera."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.body import Surface
from humans4d_core.geometry import project
from humans4d_core.mesh.z_buffer import render
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


RINGS, SIDES = 41, 24


def cylinder():
    """Vertices (V, 3) m about the pelvis, faces (F, 3) wound outwards, joints (24, 3) m."""
    angle = np.arange(SIDES) * 2 * np.pi / SIDES
    height = np.repeat(np.linspace(-0.85, 0.85, RINGS), SIDES)
    around = np.tile(angle, RINGS)
    vertices = np.column_stack((0.22 * np.sin(around), height, -0.22 * np.cos(around)))
    vertices = np.concatenate((vertices, [[0, -0.85, 0], [0, 0.85, 0]]))
    a = np.arange((RINGS - 1) * SIDES)
    b = a // SIDES * SIDES + (a + 1) % SIDES
    top, bottom = np.arange(SIDES), np.arange(SIDES) + (RINGS - 1) * SIDES
    faces = np.concatenate((
        np.stack((a, b, a + SIDES), 1), np.stack((b, b + SIDES, a + SIDES), 1),
        np.stack((np.roll(top, -1), top, np.full(SIDES, len(vertices) - 2)), 1),
        np.stack((bottom, np.roll(bottom, -1), np.full(SIDES, len(vertices) - 1)), 1),
    ))  # fmt: skip
    joints = np.zeros((24, 3))
    joints[:, 1] = [
        0, .05, .05, -.1, .4, .4, -.2, .8, .8, -.35, .84, .84, -.55, -.45, -.45, -.7, -.45, -.45,
        -.15, -.15, .1, .1, .2, .2,
    ]  # fmt: skip
    joints[:, 0] = [
        0, .1, -.1, 0, .1, -.1, 0, .1, -.1, 0, .1, -.1, 0, .1, -.1, 0, .2, -.2, .5, -.5, .6, -.6,
        .6, -.6,
    ]  # fmt: skip
    return vertices, faces.astype(np.int32), joints


@pytest.fixture(scope="session")
def surface():
    vertices, faces, joints = cylinder()
    return Surface.of(vertices, faces, joints)


@pytest.fixture
def scene_at(people_at):
    """Function: seconds, positions (N, 3) m, clothes (N, 2, 3) as BGR of shirt and trousers ->
    Frame, Bodies of cylinders. `light` multiplies the image, `turned` people show their back."""
    random = np.random.default_rng(0)
    noise = random.normal(0, 4, IMAGE.shape).astype(np.float32)
    mesh, faces, _ = cylinder()

    def make(seconds, positions, clothes, light=1.0, turned=False, scores=0.9):
        positions = np.asarray(positions, np.float64).reshape(-1, 3)
        clothes = np.asarray(clothes, np.float64).reshape(-1, 2, 3)
        shape = mesh * (-1, 1, -1) if turned else mesh
        vertices = (positions[:, None] + shape).astype(np.float32)
        seen = render(vertices, faces, CAMERA)
        image = np.full(IMAGE.shape, 110, np.float32)
        row, column = np.nonzero(seen.ids >= 0)
        person = seen.ids[row, column]
        rise = (row - CAMERA.cy) / CAMERA.fy * seen.depth[row, column] - positions[person, 1]
        image[row, column] = clothes[person, (rise > 0).astype(int)]
        image = np.clip(light * (image + noise), 0, 255).astype(np.uint8)
        bodies = replace(people_at(positions, scores), vertices_cam=vertices)
        return Frame(image, round(seconds * 1e9), CAMERA), bodies

    return make

"""Meshes and people whose picture is known; the command line, in this process."""

import sys

import numpy as np
import pytest

from humans4d_core.cli import main as cli
from humans4d_core.geometry import project
from humans4d_core.types import Bodies, Camera, People, TrackState


@pytest.fixture
def camera():
    return Camera(200.0, 210.0, 79.3, 61.8, 160, 120)


@pytest.fixture(scope="session")
def make_sphere():
    """Closed sphere as latitudes and longitudes, counter-clockwise seen from outside."""

    def make(center, radius, rings=48, segments=96):
        theta = np.linspace(0, np.pi, rings + 1)[1:-1, None]
        phi = np.linspace(0, 2 * np.pi, segments, endpoint=False)[None]
        belt = np.stack(
            (np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi), -1
        )
        unit = np.concatenate(([[0, 0, 1.0]], belt.reshape(-1, 3), [[0, 0, -1.0]]))
        a = 1 + np.arange((rings - 1) * segments).reshape(rings - 1, segments)
        b = np.roll(a, -1, axis=1)
        bottom = np.full(segments, len(unit) - 1)
        faces = np.concatenate(
            (
                np.stack((np.zeros_like(bottom), a[0], b[0]), -1),
                np.stack((a[:-1], a[1:], b[1:]), -1).reshape(-1, 3),
                np.stack((a[:-1], b[1:], b[:-1]), -1).reshape(-1, 3),
                np.stack((b[-1], a[-1], bottom), -1),
            )
        )
        return (unit * radius + center).astype(np.float32), faces.astype(np.int32)

    return make


@pytest.fixture
def make_people(camera, make_sphere):
    """People whose bodies are spheres, with 24 joints on a spiral inside them."""

    def make(centers, states=None, radius=0.25):
        n = len(centers)
        meshes = [make_sphere(c, radius, 12, 24)[0] for c in centers]
        vertices = np.array(meshes, np.float32).reshape(n, 11 * 24 + 2, 3)
        turn = np.linspace(0, 6, 24)
        spiral = 0.12 * radius * np.stack((turn * np.cos(turn), turn * np.sin(turn), 0 * turn), -1)
        joints = (np.asarray(centers, float).reshape(n, 1, 3) + spiral).astype(np.float32)
        corners = project(vertices, camera)
        boxes = np.concatenate((corners.min(1), corners.max(1)), 1) if n else np.zeros((0, 4))

        def zeros(*shape):
            return np.zeros((n, *shape), np.float32)

        bodies = Bodies(
            boxes.astype(np.float32), np.ones(n, np.float32), zeros(3, 3), zeros(23, 3, 3),
            zeros(10), zeros(3), vertices, joints, project(joints, camera).astype(np.float32),
            np.ones((n, 24), np.float32), zeros(3, 3), "landmarks", "sphere",
        )  # fmt: skip
        ids = np.arange(1, n + 1, dtype=np.uint32)
        states = np.full(n, TrackState.CONFIRMED) if states is None else np.array(states)
        return People(
            ids, ids, states.astype(np.uint8), np.zeros(n, np.int64), np.ones(n, np.float32),
            bodies, zeros(3), zeros(3, 3), zeros(3, 3),
        )  # fmt: skip

    return make


@pytest.fixture
def sphere_faces(make_sphere):
    return make_sphere((0, 0, 0), 1.0, 12, 24)[1]


@pytest.fixture
def photo(camera):
    """An image in which every blend with another colour shows."""
    rng = np.random.default_rng(4)
    return rng.integers(0, 255, (camera.height, camera.width, 3), dtype=np.uint8)


@pytest.fixture
def humans4d(monkeypatch, capfd):
    """humans4d(*arguments) -> exit code, stdout, stderr; in this process."""

    def call(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["humans4d", *map(str, arguments)])
        capfd.readouterr()  # what was said before, as by a package when the test imported it
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capfd.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return call

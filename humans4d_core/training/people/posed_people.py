"""Bodies in captured poses before cameras: shapes, sizes and distances drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...body import BodyModel
from ...geometry import project
from ...types import Camera
from .captured_poses import CapturedPoses
from .pose_variety import before_camera, varied

#: Bodies that are posed at once.
BATCH = 64
#: Pixels that a person of 1.7 m would be tall; networks' own images have 256.
SIZES = (60.0, 300.0)
#: m, nearest that a part of a person comes to the camera.
NEAREST = 0.3


@dataclass(frozen=True)
class Posed:
    """N bodies in the axes of a camera that looks at their hips."""

    local: np.ndarray  #: (N, 24, 3, 3) relative to the parent; the root to the camera
    betas: np.ndarray  #: (N, 10)
    vertices: np.ndarray  #: (N, V, 3) m
    joints: np.ndarray  #: (N, 24, 3) m
    places: np.ndarray  #: (N, 1, 3) m, where the body model's origin is
    distances: np.ndarray  #: (N,) m to the hips
    clips: np.ndarray  #: (N,) text, whose pose it is


class PosedPeople:
    """Draws them."""

    def __init__(
        self,
        body: BodyModel,
        poses: CapturedPoses,
        rng: np.random.Generator,
        is_training: bool = True,
    ):
        """poses: of those that may be used; is_training: more variety than was captured."""
        self._body, self._poses, self._rng, self._is_training = body, poses, rng, is_training

    def some(self) -> Posed:
        """The next BATCH."""
        rng, poses = self._rng, self._poses.local
        rows = rng.integers(len(poses), size=BATCH)
        local = np.empty((BATCH, 24, 3, 3))
        distances = np.empty(BATCH)
        for k, row in enumerate(rows):
            pose = varied(poses[row], poses, rng) if self._is_training else poses[row]
            local[k], distances[k] = before_camera(pose.astype(np.float64), rng)
        betas = rng.normal(0, 1, (BATCH, 10))
        betas[:, 0] = rng.normal(-0.3, 0.3, BATCH)
        vertices, joints = self._body(local[:, 0], local[:, 1:], betas)
        places = np.zeros((BATCH, 1, 3))
        places[..., 2] = distances[:, None]
        places -= (joints[:, 1] + joints[:, 2])[:, None] / 2
        return Posed(
            local, betas, vertices + places, joints + places, places, distances,
            self._poses.clips[rows],
        )  # fmt: skip


def camera_around(vertices: np.ndarray, distance: float, rng: np.random.Generator) -> Camera | None:
    """A camera with the person of vertices (V, 3) m, `distance` m away, in its middle, as large as
    SIZES have it; None where a part of them is nearer than NEAREST."""
    if vertices[:, 2].min() < NEAREST:
        return None
    tall = np.exp(rng.uniform(*np.log(SIZES)))
    focal, side = tall / 1.7 * distance, int(tall * 1.5) + 40
    camera = Camera(focal, focal, side / 2, side / 2, side, side)
    pixels = project(vertices, camera)
    x, y = side / 2 - (pixels.min(0) + pixels.max(0)) / 2
    return Camera(focal, focal, side / 2 + x, side / 2 + y, side, side)

"""Pairs to learn from: what the landmark network reads on a render, and where the points are."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from ...batch import Batch, joined
from ...body import EMBEDDED_BODY, BodyModel, read_body_file
from ...geometry import pixels_to_rays, project
from ...recovery.landmarks.blazepose import BlazePose
from ...recovery.landmarks.kinematics import LandmarkSkeleton
from ...recovery.landmarks.second_look import MIN_PRESENCE
from ...types import Camera
from .captured_poses import CapturedPoses
from .dressed_renders import Wardrobe
from .pose_variety import before_camera, varied

#: Bodies that are posed at once.
BATCH = 64
#: Pixels that a person of 1.7 m would be tall; the network's own image has 256.
SIZES = (60.0, 300.0)
#: m, nearest that a part of a person comes to the camera.
NEAREST = 0.3


@dataclass(frozen=True)
class Pairs(Batch):
    """N people in the axes of a camera that looks at their hips; K points as in
    LandmarkSkeleton.landmarks. float32."""

    rays: np.ndarray  #: (N, K, 2) x/z and y/z as the network reads them
    world: np.ndarray  #: (N, K, 3) m, the network's
    visibility: np.ndarray  #: (N, K) the network's
    presence: np.ndarray  #: (N,) the network's; below .5 it saw nobody
    points: np.ndarray  #: (N, K, 3) m, true
    clips: np.ndarray  #: (N,) text

    @property
    def seen(self) -> np.ndarray:
        """(N,) bool."""
        return self.presence > MIN_PRESENCE


def read_pairs(paths: list[Path]) -> Pairs:
    """Of files that `save_pairs` wrote."""
    parts = []
    for path in paths:
        with np.load(path) as file:
            parts.append(Pairs(**{f.name: file[f.name] for f in fields(Pairs)}))
    return joined(parts)


def save_pairs(path: Path, pairs: Pairs) -> None:
    """Writes an npz that `read_pairs` reads."""
    np.savez_compressed(path, **{f.name: getattr(pairs, f.name) for f in fields(Pairs)})


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


class PairMaker:
    """Renders people and lets the landmark network read them, one thread."""

    def __init__(self, poses: CapturedPoses, seed: int, is_training: bool = True):
        """poses: of those that may be used; is_training: more variety than was captured."""
        data = read_body_file(EMBEDDED_BODY, name="anny")
        self._poses, self._is_training = poses, is_training
        self._rng = np.random.default_rng(seed)
        self._body, self._skeleton = BodyModel(data), LandmarkSkeleton(data)
        self._wardrobe = Wardrobe(data, self._body.at_rest()[1])
        self._network = BlazePose(1)

    def make(self, count: int) -> Pairs:
        """`count` pairs."""
        parts: list[Pairs] = []
        while len(parts) < count:
            parts += self._some()
        return joined(parts[:count])

    def _some(self) -> list[Pairs]:
        rng, poses = self._rng, self._poses.local
        rows = rng.integers(len(poses), size=BATCH)
        local = np.empty((BATCH, 24, 3, 3))
        distance = np.empty(BATCH)
        for k, row in enumerate(rows):
            pose = varied(poses[row], poses, rng) if self._is_training else poses[row]
            local[k], distance[k] = before_camera(pose.astype(np.float64), rng)
        betas = rng.normal(0, 1, (BATCH, 10))
        betas[:, 0] = rng.normal(-0.3, 0.3, BATCH)
        vertices, joints = self._body(local[:, 0], local[:, 1:], betas)
        points = self._skeleton.pose(local, betas).points
        shift = np.zeros((BATCH, 1, 3))
        shift[..., 2] = distance[:, None]
        shift -= (joints[:, 1] + joints[:, 2])[:, None] / 2
        pairs = []
        for k, row in enumerate(rows):
            place = shift[k]
            pair = self._pair(
                vertices[k] + place, points[k] + place, distance[k], self._poses.clips[row]
            )
            if pair is not None:
                pairs.append(pair)
        return pairs

    def _pair(self, vertices, points, distance: float, clip: str) -> Pairs | None:
        rng = self._rng
        camera = camera_around(vertices, distance, rng)
        if camera is None:
            return None
        picture = self._wardrobe.picture(vertices.astype(np.float32), camera, rng)
        if picture is None:
            return None
        read = self._network(picture.image_bgr, picture.box_px[None])
        used = self._skeleton.landmarks
        arrays = {
            "rays": pixels_to_rays(read.pixels, camera)[:, used], "world": read.world[:, used],
            "visibility": read.visibility[:, used], "presence": read.presence,
            "points": points[None],
        }  # fmt: skip
        values = {name: np.asarray(value, np.float32) for name, value in arrays.items()}
        return Pairs(**values, clips=np.array([clip]))


def one_thread() -> None:
    """For processes that share the cores."""
    threadpool_limits(1)
    cv2.setNumThreads(1)

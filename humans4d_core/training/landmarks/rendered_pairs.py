"""Pairs to learn from: what the landmark network reads on a render, and where the points are."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ...batch import Batch, joined
from ...body import EMBEDDED_BODY, BodyModel, read_body_file
from ...geometry import pixels_to_rays
from ...recovery.landmarks.blazepose import BlazePose
from ...recovery.landmarks.kinematics import LandmarkSkeleton
from ...recovery.landmarks.second_look import MIN_PRESENCE
from ..people.captured_poses import CapturedPoses
from ..people.dressed_renders import Wardrobe
from ..people.posed_people import PosedPeople, camera_around


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


class PairMaker:
    """Renders people and lets the landmark network read them, one thread."""

    def __init__(self, poses: CapturedPoses, seed: int, is_training: bool = True):
        """poses: of those that may be used; is_training: more variety than was captured."""
        data = read_body_file(EMBEDDED_BODY, name="anny")
        self._rng = np.random.default_rng(seed)
        body = BodyModel(data)
        self._people = PosedPeople(body, poses, self._rng, is_training)
        self._skeleton = LandmarkSkeleton(data)
        self._wardrobe = Wardrobe(data, body.at_rest()[1])
        self._network = BlazePose(1)

    def make(self, count: int) -> Pairs:
        """`count` pairs."""
        parts: list[Pairs] = []
        while len(parts) < count:
            parts += self._some()
        return joined(parts[:count])

    def _some(self) -> list[Pairs]:
        people = self._people.some()
        points = self._skeleton.pose(people.local, people.betas).points
        pairs = []
        for k, place in enumerate(people.places):
            pair = self._pair(
                people.vertices[k], points[k] + place, people.distances[k], people.clips[k]
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

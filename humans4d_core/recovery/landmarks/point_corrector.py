"""The landmark network's 3D points, corrected by a small network that has seen its errors.

The landmark network guesses depth badly, and alike for like poses: what it reads, in the image and
in 3D, tells most of how wrong it is. `humans4d train landmarks-corrector` makes the weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import erf

from ...embedded_models import ASSETS, check_embedded
from .side_swaps import OTHER_SIDES

WEIGHTS = "landmarks_corrector.npz"
#: m that an output of 1 moves a point by.
REACH = 0.3
#: m within which a point counts as right.
RIGHT = 0.1
#: How upright (see `uprightness`) somebody is read who may stand, and who surely does, and the
#: share of the correction that then holds.
MAY_STAND, STANDS, STANDING_SHARE = 0.85, 0.95, 0.75


def side_swap(landmarks: np.ndarray) -> np.ndarray:
    """(K,) place of each landmark's counterpart of the other side."""
    place = {int(landmark): k for k, landmark in enumerate(landmarks)}
    return np.array([place[int(OTHER_SIDES[landmark])] for landmark in landmarks])


def features(rays: np.ndarray, visibility: np.ndarray, world: np.ndarray) -> np.ndarray:
    """(N, 6 K + 2) float32 of rays (N, K, 2), relative to the hips' and in a camera that looks at
    them, visibility (N, K) in [0, 1] and world (N, K, 3) m, the hips at 0."""
    weight = visibility + 0.05
    size = np.sqrt(((rays**2).sum(-1) * weight).sum(1) / weight.sum(1))
    size = np.maximum(size, 1e-4)[:, None]
    reach = np.maximum(np.sqrt((world**2).sum(-1).mean(1)), 1e-3)[:, None]
    return np.concatenate(
        (
            np.clip(rays / size[..., None], -6, 6).reshape(len(rays), -1),
            visibility,
            np.log(size) + 1.5,
            (world / reach[..., None]).reshape(len(rays), -1),
            np.log(reach) + 0.5,
        ),
        axis=1,
        dtype=np.float32,
    )


def probability_right(spread: np.ndarray) -> np.ndarray:
    """Probability that a point is within RIGHT of the truth, whose error has the density
    exp(-|e| / spread): a Gamma distribution of shape 3. spread: m, any shape."""
    x = RIGHT / np.maximum(spread, 1e-6)
    return 1 - np.exp(-x) * (1 + x + x**2 / 2)


def uprightness(world: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(N,) height of the shoulders over the ankles in the image's upward direction, in lengths of
    trunk, thighs and shanks: 1 where somebody stands straight. world: (N, K, 3) m."""
    shoulders, hips, knees, ankles = (
        world[:, np.isin(landmarks, pair)].mean(1)
        for pair in ((11, 12), (23, 24), (25, 26), (27, 28))
    )
    parts = (shoulders - hips, hips - knees, knees - ankles)
    length = sum(np.linalg.norm(part, axis=-1) for part in parts)
    return (ankles - shoulders)[:, 1] / np.maximum(length, 1e-6)


def as_people_are_met(read: np.ndarray, corrected: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Points (N, K, 3) m between those that were read and the corrected ones, hips at 0.

    In training people are bent, tipped over and seated as often as upright, so the correction leans
    those who are read upright more than people are met. Of them a part of it holds: on real video
    that errs less than what was read and than all of the correction.
    """
    hips = np.isin(landmarks, (23, 24))
    read = read - read[:, hips].mean(1, keepdims=True)
    stands = np.clip((uprightness(read, landmarks) - MAY_STAND) / (STANDS - MAY_STAND), 0, 1)
    share = (1 - (1 - STANDING_SHARE) * stands)[:, None, None]
    return share * corrected + (1 - share) * read


class PointCorrector:
    """A residual network in numpy: less than a millisecond a person."""

    def __init__(self, landmarks: np.ndarray, path: Path | None = None):
        """landmarks: (K,) which of the network's the points are. path: weights of one's own."""
        if path is None:
            path = ASSETS / WEIGHTS
            check_embedded(path)
        with np.load(path, allow_pickle=False) as file:
            self._weights = {name: file[name].astype(np.float32) for name in file.files}
        self._blocks = sum(name.endswith(".first.weight") for name in self._weights)
        self._swap = side_swap(landmarks)
        self._hips = np.flatnonzero(np.isin(landmarks, (23, 24)))

    def __call__(
        self, rays: np.ndarray, visibility: np.ndarray, world: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, K, 3) m, hips at 0, and how far each may be off: (N, K) m, `spread` of
        probability_right.

        rays: (N, K, 2) x/z and y/z in a camera that looks at the hips; visibility: (N, K); world:
        (N, K, 3) m in that camera's axes. What is read of the mirrored person counts as much.
        """
        rays = rays - rays[:, self._hips].mean(1, keepdims=True)
        world = world - world[:, self._hips].mean(1, keepdims=True)
        swap, n = self._swap, len(rays)
        both = [
            np.concatenate((a, a[:, swap] * sign))
            for a, sign in ((rays, (-1, 1)), (world, (-1, 1, 1)))
        ]
        seen = np.concatenate((visibility, visibility[:, swap]))
        out = self._network(features(both[0], seen, both[1]))
        k = world.shape[1]
        growth, moved, spread = out[:, :1, None], out[:, 1 : 1 + 3 * k], out[:, 1 + 3 * k :]
        points = both[1] * np.exp(growth) + REACH * moved.reshape(2 * n, k, 3)
        points = (points[:n] + points[n:, swap] * (-1, 1, 1)) / 2
        points -= points[:, self._hips].mean(1, keepdims=True)
        spread = np.exp((spread[:n] + spread[n:, swap]) / 2)
        return points, spread

    def _network(self, x: np.ndarray) -> np.ndarray:
        w = self._weights
        x = x @ w["inp.weight"].T + w["inp.bias"]
        for k in range(self._blocks):
            name = f"blocks.{k}"
            h = _layer_norm(x, w[f"{name}.norm.weight"], w[f"{name}.norm.bias"])
            h = h @ w[f"{name}.first.weight"].T + w[f"{name}.first.bias"]
            h = 0.5 * h * (1 + erf(h / np.float32(np.sqrt(2))))
            x = x + h @ w[f"{name}.second.weight"].T + w[f"{name}.second.bias"]
        x = _layer_norm(x, w["out.norm.weight"], w["out.norm.bias"])
        return x @ w["out.linear.weight"].T + w["out.linear.bias"]


def _layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    x = x - x.mean(1, keepdims=True)
    return x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-5) * weight + bias

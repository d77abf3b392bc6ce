"""Whether people stand, sit, crouch or lie: of each body, and filtered over a track's life.

    body -> how trunk, thighs and shanks point, how high the hips are -> likelihood of each posture
    likelihoods over time -> a hidden Markov model's forward filter -> probability of each posture

Postures last for seconds, and neighbouring images err alike: an image counts as much as the time
since the last one is new. A body that was only stood up in its box says what the box's shape says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import Bodies, People, Posture, TrackState

#: Postures that are told apart, the columns of every table here.
CLASSES = (Posture.STANDING, Posture.SITTING, Posture.CROUCHING, Posture.LYING)
#: How often people are met in each of them.
PRIOR = np.array((0.84, 0.11, 0.03, 0.02))
#: s for which a posture lasts on average, and within which two images err alike.
STAY_SECONDS, ALIKE_SECONDS = 10.0, 0.5
#: Least likelihood of a posture beside the best one: a body may be read wrongly altogether.
LEAST_LIKELIHOOD = 0.003
#: Logits of the postures: rows of `posture_features` and a constant. Learned on renders with
#: benchmarks/posture_accuracy.py, all postures equally frequent.
TABLE = np.array((
    (0.96, 1.47, -0.53, -1.9),
    (2.75, -0.94, -0.97, -0.84),
    (-2.03, 1.83, 0.86, -0.66),
    (-0.34, 0.5, 0.84, -1),
    (3.99, -0.34, -1.34, -2.3),
    (-6.18, 0.99, -2.03, 7.22),
    (0.65, -1.42, 2.44, -1.67),
))  # fmt: skip
#: The same of log(width / height) of a box and a constant.
BOX_TABLE = np.array((
    (-3.47, -0.14, -0.71, 4.31),
    (-1.58, 0.65, 0.37, 0.57),
))  # fmt: skip

_HIPS, _KNEES, _ANKLES, _NECK = [1, 2], [4, 5], [7, 8], 12


def posture_features(joints: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(N, 6) of SMPL's joints (N, 24, 3) m and the direction against gravity (3,) or (N, 3).

    Cosines of trunk, thighs and shanks to the vertical, all 1 where somebody stands; the hips'
    height over the ankles in lengths of the legs; cosine of thighs to shanks; level distance of
    hips and ankles in lengths of the legs.
    """
    joints = joints.astype(np.float64)
    up = np.broadcast_to(np.asarray(up, np.float64), (len(joints), 3))
    hips, knees, ankles = joints[:, _HIPS], joints[:, _KNEES], joints[:, _ANKLES]
    thighs, shanks = hips - knees, knees - ankles
    legs = np.linalg.norm(thighs, axis=-1) + np.linalg.norm(shanks, axis=-1)
    length = np.maximum(legs.mean(1), 1e-6)
    way = hips - ankles
    height = np.einsum("nkd,nd->nk", way, up)
    level = np.linalg.norm(way - height[..., None] * up[:, None], axis=-1)
    trunk, thighs, shanks = (_unit(v) for v in (joints[:, _NECK] - hips.mean(1), thighs, shanks))
    return np.stack((
        (trunk * up).sum(1),
        np.einsum("nkd,nd->n", thighs, up) / 2,
        np.einsum("nkd,nd->n", shanks, up) / 2,
        height.mean(1) / length,
        (thighs * shanks).sum(-1).mean(1),
        level.mean(1) / length,
    ), axis=1)  # fmt: skip


def posture_likelihoods(
    bodies: Bodies, up: np.ndarray, rows: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """(N, 4) of CLASSES, up to a factor a body. up: (3,) against gravity in the camera's axes."""
    boxes = bodies.boxes_px[rows].astype(np.float64)
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3)
    of_box = _softmax(np.log(size[:, :1] / size[:, 1:]) * BOX_TABLE[0] + BOX_TABLE[1])
    of_body = table_likelihoods(posture_features(bodies.joints_cam[rows], up))
    chosen = np.where(bodies.is_stood_up[rows, None], of_box, of_body)
    return np.maximum(chosen, LEAST_LIKELIHOOD * chosen.max(1, keepdims=True, initial=1e-9))


def table_likelihoods(features: np.ndarray, table: np.ndarray | None = None) -> np.ndarray:
    """(N, 4) of `posture_features` (N, 6)."""
    table = TABLE if table is None else table
    return _softmax(features @ table[:-1] + table[-1])


class PostureFilter:
    """Remembers how probable each posture of each track is. One worker's."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nobody."""
        self._ids = np.zeros(0, np.uint32)
        self._probabilities = np.zeros((0, len(CLASSES)))
        self._stamp_ns = 0

    def update(self, people: People, up_cam: np.ndarray, stamp_ns: int) -> People:
        """`people` of an image of `stamp_ns` with their postures.

        Those who are not seen keep theirs, which fades towards PRIOR. up_cam: (3,) unit vector
        against gravity in the camera's axes.
        """
        n, known = len(people), np.isin(people.track_ids, self._ids)
        probabilities = np.tile(PRIOR, (n, 1))
        rows = np.searchsorted(self._ids, people.track_ids[known])
        probabilities[known] = self._probabilities[rows]
        seconds = max((stamp_ns - self._stamp_ns) * 1e-9, 0.0)
        stays = np.exp(-seconds / STAY_SECONDS)
        probabilities = stays * probabilities + (1 - stays) * PRIOR

        seen = (people.last_seen_ns == stamp_ns) & (people.states != TrackState.LOST)
        likelihoods = posture_likelihoods(people.bodies, up_cam, seen)
        news = np.where(known[seen], min(seconds / ALIKE_SECONDS, 1.0), 1.0)
        probabilities[seen] *= likelihoods ** news[:, None]
        probabilities /= probabilities.sum(1, keepdims=True)

        alive = np.flatnonzero(people.states != TrackState.LOST)
        alive = alive[np.argsort(people.track_ids[alive])]
        self._ids, self._stamp_ns = people.track_ids[alive], stamp_ns
        self._probabilities = probabilities[alive]
        best = probabilities.argmax(1)
        told = known | seen
        return replace(
            people,
            postures=np.where(told, np.array(CLASSES)[best], Posture.UNKNOWN).astype(np.uint8),
            posture_probability=np.where(told, probabilities[np.arange(n), best], 0).astype(
                np.float32
            ),
        )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True, initial=-np.inf))
    return powers / powers.sum(1, keepdims=True)

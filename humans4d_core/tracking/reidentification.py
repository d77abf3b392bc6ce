"""Who came back: people who were LOST, and whether a new track is one of them.

A track that becomes CONFIRMED is compared, once, with everybody who was LOST within
`reidentify_seconds`: clothes and the body's shape. It takes over a person_id only where the
evidence is strong, and stronger than for every other pair that it excludes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..config.appearance_config import DEFAULT, AppearanceConfig
from .appearance import Colors, same_clothes

#: 2 log of the likelihood ratio from which on two tracks are believed to be one person, and by
#: how much it has to exceed that of every rival.
RECOGNISED = 4.0
MARGIN = 2.0

#: Spread of betas between people, and least spread of one person's from posture to posture.
BETWEEN_PEOPLE = 0.5
WITHIN_PERSON = 0.1

#: What shapes can say at most, and only against: those of one camera are alike.
SHAPE = 3.0

#: Images over which a shape is averaged.
SHAPE_IMAGES = 100

#: People remembered at most: the last ones.
MOST_ABSENT = 200


@dataclass(frozen=True)
class Shape(Batch):
    """Betas of N tracks, float32."""

    count: np.ndarray  #: (N,) images averaged
    mean: np.ndarray  #: (N, B)
    variance: np.ndarray  #: (N, B) of single images

    @classmethod
    def of(cls, betas: np.ndarray) -> Shape:
        """Of betas (N, B) seen once."""
        betas = betas.astype(np.float32)
        return cls(np.ones(len(betas), np.float32), betas, np.full_like(betas, BETWEEN_PEOPLE**2))

    def updated(self, betas: np.ndarray) -> Shape:
        """After each track saw its own betas (N, B)."""
        count = np.minimum(self.count + 1, SHAPE_IMAGES)
        gain = 1 / count[:, None]
        difference = betas - self.mean
        mean = self.mean + gain * difference
        variance = self.variance + gain * (difference * (betas - mean) - self.variance)
        return Shape(count, mean, variance)


@dataclass(frozen=True)
class Absent(Batch):
    """People who were LOST, in the order in which they were."""

    person_ids: np.ndarray  #: (N,) uint32
    last_seen_ns: np.ndarray  #: (N,) int64
    colors: Colors
    shape: Shape

    def within(self, oldest_ns: int) -> Absent:
        """Those seen at `oldest_ns` or later, MOST_ABSENT of them."""
        return self.select(np.flatnonzero(self.last_seen_ns >= oldest_ns)[-MOST_ABSENT:])


def same_shape(a: Shape, b: Shape) -> np.ndarray:
    """2 log p(betas | one person) / p(betas | two people) (M, N).

    How far one person's betas spread is measured on the tracks: a recovery whose betas follow the
    posture says little with them.
    """
    within = a.variance[:, None] + b.variance[None] + WITHIN_PERSON**2
    between = within + 2 * BETWEEN_PEOPLE**2
    square = (a.mean[:, None] - b.mean[None]) ** 2
    return (np.log(between / within) - square * (1 / within - 1 / between)).sum(-1)


def recognised(
    colors: Colors, shape: Shape, absent: Absent, config: AppearanceConfig = DEFAULT
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of newcomers and of `absent` that are the same people, each at most once."""
    count = len(shape), len(absent)
    rows, columns = (index.ravel() for index in np.indices(count))
    clothes = same_clothes(colors, rows, absent.colors, columns, config).reshape(count)
    evidence = clothes + np.clip(same_shape(shape, absent.shape), -SHAPE, 0)
    rival = np.maximum(_best_other(evidence), _best_other(evidence.T).T)
    newcomers, known = np.nonzero(evidence >= np.maximum(RECOGNISED, rival + MARGIN))
    return newcomers, known


def _best_other(values: np.ndarray) -> np.ndarray:
    """For each of values (M, N) the largest other one of its row; -inf where it has none."""
    order = np.sort(np.pad(values, ((0, 0), (2, 0)), constant_values=-np.inf), axis=1)
    return np.where(values == order[:, -1:], order[:, -2:-1], order[:, -1:])

"""What speaks for two sights being one person: place, motion, heading and clothes.

Each tells 2 log p(seen | one person) / p(seen | two people); they are added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..tracking.appearance import Colors, same_clothes

#: People per m^3 of hip midpoints who might stand there as well: one in 10 m^2, hips within 1 m.
DENSITY = 0.1
#: Squared Mahalanobis distance of places beyond which nobody is one person: 3 in 1000 of those who
#: are lie beyond.
GATE = 14.0
#: m/s, sigma of the velocities of different people, and the share of pairs who move alike: both
#: stand, or walk together.
SPEED, ALIKE = 1.0, 0.5
#: rad, sigma of a body's heading, and the share of headings that say nothing.
HEADING_SIGMA, LOST_HEADINGS = 0.4, 0.15
#: What headings say at most for one person, since people who walk together have one heading too.
HEADING_MOST = 1.0
#: How much clothes say beside what they say within one camera: another sees another side.
CLOTHES_SHARE = 0.5


@dataclass(frozen=True)
class Seen(Batch):
    """N people as what is known of them from one or more cameras; float64."""

    positions: np.ndarray  #: (N, 3) m
    covariances: np.ndarray  #: (N, 3, 3) m^2
    velocities: np.ndarray  #: (N, 3) m/s
    velocity_covariances: np.ndarray  #: (N, 3, 3) m^2/s^2
    orients: np.ndarray  #: (N, 3, 3), Bodies.global_orient
    has_pose: np.ndarray  #: (N,) bool
    appearance: np.ndarray  #: (N, 16)


def evidence(a: Seen, b: Seen) -> np.ndarray:
    """2 log likelihood ratio of Q pairs: (Q,); -inf beyond the gate."""
    together = a.covariances + b.covariances
    square = square_distance(a.positions - b.positions, together)
    spread = np.linalg.slogdet(2 * np.pi * together)[1]
    told = -square - spread - 2 * np.log(DENSITY)
    told += _of_motion(a, b) + _of_heading(a, b) + CLOTHES_SHARE * _of_clothes(a, b)
    return np.where(square <= GATE, told, -np.inf)


def square_distance(difference: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distance (...) of differences (..., D) with covariances (..., D, D)."""
    solved = np.linalg.solve(covariance, difference[..., None])[..., 0]
    return (difference * solved).sum(-1)


def _of_motion(a: Seen, b: Seen) -> np.ndarray:
    difference = a.velocities - b.velocities
    one = a.velocity_covariances + b.velocity_covariances
    two = one + 2 * SPEED**2 * np.eye(3)
    told = np.linalg.slogdet(two)[1] - np.linalg.slogdet(one)[1]
    told += square_distance(difference, two) - square_distance(difference, one)
    return -2 * np.log(ALIKE + (1 - ALIKE) * np.exp(-0.5 * np.minimum(told, 1e2)))


def _of_heading(a: Seen, b: Seen) -> np.ndarray:
    trace = np.einsum("qij,qij->q", a.orients, b.orients)
    angle = np.arccos(np.clip((trace - 1) / 2, -1, 1))
    # Of different people angles are even over the half circle.
    peak = np.exp(-0.5 * (angle / HEADING_SIGMA) ** 2) * np.sqrt(2 / np.pi) / HEADING_SIGMA
    told = 2 * np.log((1 - LOST_HEADINGS) * peak * np.pi + LOST_HEADINGS)
    return np.where(a.has_pose & b.has_pose, np.minimum(told, HEADING_MOST), 0.0)


def _of_clothes(a: Seen, b: Seen) -> np.ndarray:
    rows = np.arange(len(a))
    return same_clothes(_colors(a.appearance), rows, _colors(b.appearance), rows)


def _colors(appearance: np.ndarray) -> Colors:
    """Of published descriptors (N, 16), which have no single points."""
    unseen, parts = Colors.unseen(len(appearance), 0), appearance.reshape(len(appearance), 4, 4)
    return Colors(unseen.points, unseen.point_confidence, parts[..., :3], parts[..., 3])

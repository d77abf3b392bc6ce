"""How well a body fits a track's prediction, and who is assigned to whom.

The image is trusted, the depth of one camera is not: a box is known to a few percent of its
height, a monocular depth to tens of percent, and it jumps. So the cost is the box filter's negative
log-likelihood; the pelvis filter in metres says nothing as long as it can believe what it sees
(its covariance is long along the viewing ray), and from there on as much as a heavy tail says.
All costs are -2 log-likelihoods up to a constant, of Student's t in squared Mahalanobis distances.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..config.appearance_config import DEFAULT, AppearanceConfig
from .appearance import Colors, same_clothes
from .motion_filter import BELIEVABLE, Motion, Observation, box_innovation_variance

#: Squared Mahalanobis distance (3 degrees of freedom) above which a box is not the track's.
BOX_GATE = 40.0

#: Degrees of freedom of the Student-t that boxes follow: people turn on their heels, and detectors
#: cut off legs, more often than a Gaussian has it.
BOX_FREEDOM = 8.0

#: Degrees of freedom of the Student-t that bounds what a wrong depth can cost.
DEPTH_FREEDOM = 3.0

#: Mean distance of joints, in heights, below which two bodies are one person's.
SAME_JOINTS = 0.08

#: Bodies whose joints are compared with all others at once.
JOINT_ROWS = 64

#: What clothes can say at most, for or against: light changes, and people dress alike.
CLOTHES = 9.0


def association_cost(
    motion: Motion, observed: Observation, use_position: bool = True
) -> np.ndarray:
    """Cost (M, N) of each body for each track, infinite where it cannot be the same person.

    use_position: whether the pelvis in metres counts, too.
    """
    box, doubt = box_cost(motion, observed)
    cost = (BOX_FREEDOM + 3) * np.log1p(box / BOX_FREEDOM) + doubt[:, None]
    possible = box < BOX_GATE
    if use_position:
        # Of a crowd most pairs are out of the question.
        rows, columns = np.nonzero(possible)
        excess = np.maximum(pelvis_cost(motion, rows, observed, columns) - BELIEVABLE, 0)
        cost[rows, columns] += DEPTH_FREEDOM * np.log1p(excess / DEPTH_FREEDOM)
    return np.where(possible, cost, np.inf)


def box_cost(motion: Motion, observed: Observation) -> tuple[np.ndarray, np.ndarray]:
    """Squared Mahalanobis distances (M, N) of boxes, and what a track's own doubt costs (M,).

    The second is log(det S / det R) >= 0: twice the loss in log-likelihood of a track that knows
    little (long unseen) against one that knows its box as well as a measurement does.
    """
    variance, measured = box_innovation_variance(motion)
    difference = observed.box[None] - motion.box[:, None, :, 0]  # (M, N, 3)
    distance = np.einsum("mnk,mk->mn", difference**2, 1 / variance)
    return distance, np.log(variance / measured).sum(-1)


def within_reach(motion: Motion, observed: Observation) -> np.ndarray:
    """(N,) bool: bodies that one of the tracks could be, wherever else he could be."""
    return np.asarray((box_cost(motion, observed)[0] < BOX_GATE).any(axis=0))


def appearance_cost(
    tracks: Colors,
    track_rows: np.ndarray,
    observed: Colors,
    rows: np.ndarray,
    config: AppearanceConfig = DEFAULT,
) -> np.ndarray:
    """What clothes add to the cost of pairs (Q,): negative where they agree, bounded."""
    evidence = same_clothes(tracks, track_rows, observed, rows, config)
    return -np.clip(evidence, -CLOTHES, CLOTHES)


def pelvis_cost(
    motion: Motion, track_rows: np.ndarray, observed: Observation, rows: np.ndarray
) -> np.ndarray:
    """Squared Mahalanobis distances (Q,) of the pelvis in metres, of pairs (Q,)."""
    covariance = motion.pelvis_covariance[track_rows, :3, :3] + observed.pelvis_covariance[rows]
    difference = observed.pelvis[rows] - motion.pelvis[track_rows, :3]
    solved = np.linalg.solve(covariance, difference[..., None])[..., 0]
    return (difference * solved).sum(-1)


def joint_distance(joints_a: np.ndarray, joints_b: np.ndarray) -> np.ndarray:
    """Mean distance (M, N) of joints in the image (M, J, 2) and (N, J, 2), in heights of the first.

    A person's height in the image is the extent of the joints, a little less than the box.
    """
    height = np.maximum(np.ptp(joints_a, axis=1).max(-1), 1e-6)
    apart = np.empty((len(joints_a), len(joints_b)))
    for first in range(0, len(joints_a), JOINT_ROWS):  # of a crowd, all pairs are gigabytes
        some = joints_a[first : first + JOINT_ROWS, None].astype(np.float64)
        np.linalg.norm(some - joints_b[None], axis=-1).mean(
            -1, out=apart[first : first + JOINT_ROWS]
        )
    return apart / height[:, None]


def assign(cost: np.ndarray, alone_cost: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cheapest assignment in which staying alone costs `alone_cost`.

    cost (M, N); a pair at or above that, infinite or NaN, is never made.
    """
    bounded = np.where(cost < alone_cost, cost, alone_cost)
    rows, columns = linear_sum_assignment(bounded)
    made = bounded[rows, columns] < alone_cost
    return rows[made], columns[made]

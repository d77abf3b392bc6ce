"""PHALP's cost of a body for a track, and who is assigned to whom.

    (1 + b0 A) (1 + b1 P) exp(L / (0.1 + tanh c_xy) / b2) exp(N / (0.1 + tanh c_n) / b3)

A, P, L, N: distances of appearance, pose, place in the image and log depth; c_xy, c_n: how much a
track doubts its predicted place and depth. The weights b were fitted by PHALP's authors.

Two departures from the released code, both its defects: there EQ_019 ignores shot changes, and a
NaN cost counts as 0, a perfect match; here it is a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

#: Weights of A, P, L, N between two shots, where places say nothing.
SHOT_CHANGE_WEIGHTS = (7.8303, 1.5207, np.inf, np.inf)

#: Least tolerance of a predicted place or depth, added to tanh of its doubt.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Equation:
    """A fit of the cost."""

    weights: tuple[float, float, float, float]  #: of A, P, L, N
    pose_limit: float  #: at which P is clipped


EQUATIONS = {
    "EQ_019": Equation((4.0536, 1.3070, 0.3792, 4.1658), 1.5),
    "EQ_010": Equation((3.8303, 1.5207, 0.4930, 4.5831), 1.2),
}


def association_cost(
    appearance: np.ndarray,
    pose: np.ndarray,
    location: np.ndarray,
    depth: np.ndarray,
    location_doubt: np.ndarray,
    depth_doubt: np.ndarray,
    equation: Equation,
    is_shot_change: bool,
) -> np.ndarray:
    """Cost (M, N), at least 1, from distances (M, N) and doubts (M,)."""
    b0, b1, b2, b3 = SHOT_CHANGE_WEIGHTS if is_shot_change else equation.weights
    location = location / (TOLERANCE + np.tanh(location_doubt))[:, None] / b2
    depth = depth / (TOLERANCE + np.tanh(depth_doubt))[:, None] / b3
    alike = (1 + b0 * appearance) * (1 + b1 * np.minimum(pose, equation.pose_limit))
    with np.errstate(over="ignore"):
        return alike * np.exp(location + depth)


def assign(cost: np.ndarray, max_cost: float) -> np.ndarray:
    """Column that each row of cost (M, N) gets, (M,), -1 for none: the cheapest assignment.

    A pair above `max_cost`, or NaN, is never made.
    """
    # A refused pair costs a little more than the dearest one, not infinity: it must not decide
    # about the others.
    bounded = np.where(cost <= max_cost, cost, max_cost + 1e-5)
    rows, columns = linear_sum_assignment(bounded)
    made = bounded[rows, columns] <= max_cost
    match = np.full(len(cost), -1)
    match[rows[made]] = columns[made]
    return match

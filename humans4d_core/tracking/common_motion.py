"""What everybody in the image does alike: the turning of a camera of which nobody tells.

    boxes predicted + one shift for all = boxes seen

A camera that turns shifts everybody by about the same pixels. The shift is the one under which most
predictions meet a box, and it counts only where the boxes' evidence pays for the freedom it takes:
it can be anywhere within TURNING, and a camera at rest is the better guess (Bayes factor).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ..types import Camera, Pose
from .motion_filter import Motion, Observation, box_innovation_variance

#: rad/s, spread of a camera's turning.
TURNING = 0.5

#: Log odds that a camera does not turn, where it did not at the last image and where it did.
STILL_ODDS = (3.0, -3.0)

#: Squared Mahalanobis distance (3 degrees of freedom) beyond which a box says nothing.
BEYOND = 12.0

#: People who have to move alike.
FEWEST = 2

#: People asked at most: the largest in the image. More would tell nothing new.
MOST_ASKED = 16

#: Shifts tried: the differences of the pairs that are most likely at a glance; then refined.
MOST_TRIED = 24
REFINEMENTS = 3


class CommonMotion:
    """Follows the turning of one camera by the people it sees."""

    def __init__(self) -> None:
        self._is_turning = False

    def step(
        self, motion: Motion, observed: Observation, seconds: float, camera: Camera
    ) -> Pose | None:
        """The turn that moves standing points to the new axes; None where the camera seems still.

        motion: predicted, of people who were seen in the image before.
        """
        shift = None
        spread_px = TURNING * seconds * camera.fx
        if min(len(motion), len(observed)) >= FEWEST and spread_px > 0:
            shift = _common_shift(motion, observed, spread_px, STILL_ODDS[self._is_turning])
        self._is_turning = shift is not None
        if shift is None:
            return None
        turn = (-shift[1] / camera.fy, shift[0] / camera.fx, 0.0)
        return Pose(Rotation.from_rotvec(turn).as_matrix(), np.zeros(3))


def _common_shift(
    motion: Motion, observed: Observation, spread_px: float, still_odds: float
) -> np.ndarray | None:
    """Pixels (2,) by which everybody's box is elsewhere than `motion` predicts; None: in doubt."""
    motion = motion.select(np.argsort(-motion.box[:, 2, 0], kind="stable")[:MOST_ASKED])
    variance, _ = box_innovation_variance(motion)
    precision = 1 / variance[:, None, :2]  # (M, 1, 2)
    difference = observed.box[None] - motion.box[:, None, :, 0]  # (M, N, 3)
    size, apart = difference[..., 2] ** 2 / variance[:, None, 2], difference[..., :2]
    nobody = np.exp(-BEYOND / 2)

    def judged(shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log likelihoods (K,) of shifts (K, 2), and how well each pair then fits (K, M, N)."""
        square = ((apart - shifts[:, None, None]) ** 2 * precision).sum(-1) + size
        fit = np.exp(-square / 2)
        found = np.log(fit.sum(2) + nobody).sum(1)
        return found - (shifts**2).sum(1) / (2 * spread_px**2), fit

    # What the freedom of choosing a shift costs (Laplace's approximation of the evidence); where
    # boxes meet predictions so well that no shift can pay for it, none is looked for.
    known = precision.sum((0, 1)) + 1 / spread_px**2
    needed = np.log(known * spread_px**2).sum() / 2 + still_odds
    (still,), _ = judged(np.zeros((1, 2)))
    if still > -needed:
        return None
    at_a_glance = size + (apart**2).sum(-1) / spread_px**2
    pairs = np.argsort(at_a_glance, axis=None)[:MOST_TRIED]
    likelihood, fits = judged(apart.reshape(-1, 2)[pairs])
    fit = fits[likelihood.argmax()]
    for _ in range(REFINEMENTS):
        # Expectation maximisation: pairs weighted by how well they fit, the shift their mean.
        weight = (fit / (fit.sum(1, keepdims=True) + nobody))[..., None] * precision
        shift = (weight * apart).sum((0, 1)) / (weight.sum((0, 1)) + 1 / spread_px**2)
        (likelihood,), (fit,) = judged(shift[None])
    is_met = fit.max(1) > nobody
    return shift if is_met.sum() >= FEWEST and likelihood - still > needed else None

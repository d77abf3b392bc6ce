"""Joints that several cameras saw, as one body's.

A camera sees across its viewing ray better than along it, and says how sure it is of each joint.
So each joint's error is an ellipsoid, long along that camera's ray, and the joints are averaged by
information. Sizes are as wrong as distances are: a body that turns out to stand nearer than its
camera thought is smaller by as much.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

#: m: joint confidence is the probability of an error below that.
WITHIN = 0.1
#: Error along the viewing ray, in those across it: 2.7 on four images of Human3.6M, 2.5 on two of
#: MPI-INF-3DHP.
DEPTH_RATIO = 2.7
#: Confidences are taken for no less and no more than that.
LEAST, MOST = 0.05, 0.99
#: The size of a body changes by that factor at most.
MOST_RESIZED = 1.3
_TABLE = np.linspace(LEAST, MOST, 95)
_SIGMA = WITHIN / np.sqrt(chi2.ppf(_TABLE, 3))


def fused_joints(
    joints: np.ndarray, confidence: np.ndarray, rays: np.ndarray, is_given: np.ndarray
) -> np.ndarray:
    """Joints (N, 24, 3) m, from the hip midpoint, of N people.

    joints: (N, M, 24, 3), the same of M cameras; confidence: (N, M, 24) in [0, 1]; rays: (N, M, 3)
    unit vectors from the cameras to the person; is_given: (N, M) bool, one or more a row.
    """
    joints = joints - joints[:, :, 1:3].mean(2, keepdims=True)
    sigma = np.interp(confidence, _TABLE, _SIGMA)
    along = rays[..., :, None] * rays[..., None, :]
    across = np.eye(3) - along
    shape = across + along / DEPTH_RATIO**2
    information = (is_given[..., None] / sigma**2)[..., None, None] * shape[:, :, None]
    total = np.einsum("nmkij,nmkj->nki", information, joints)
    return np.linalg.solve(information.sum(1), total[..., None])[..., 0]


def viewing_rays(positions: np.ndarray, covariances: np.ndarray, cameras: np.ndarray) -> np.ndarray:
    """Unit vectors (..., 3) from cameras (..., 3) to positions (..., 3), m; of cameras that are
    NaN, the direction in which a position is known worst: covariances (..., 3, 3)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ray = positions - cameras
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    worst = np.linalg.eigh(covariances)[1][..., 2]
    return np.where(np.isfinite(ray).all(-1, keepdims=True), ray, worst)


def resized(positions: np.ndarray, fused: np.ndarray, cameras: np.ndarray) -> np.ndarray:
    """Factor (...) of a body's size where a camera at `cameras` thought it at `positions` and it is
    at `fused`, (..., 3) m each; 1 where the camera is NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.linalg.norm(fused - cameras, axis=-1) / np.linalg.norm(
            positions - cameras, axis=-1
        )
    return np.where(np.isfinite(factor), np.clip(factor, 1 / MOST_RESIZED, MOST_RESIZED), 1.0)

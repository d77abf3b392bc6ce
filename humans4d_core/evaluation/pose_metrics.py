"""Errors of 3D joints as the field reports them, and how well a mesh lies on its person.

Ionescu et al., "Human3.6M" (2014), for MPJPE; PA: after the best similarity (Gower, "Generalized
Procrustes analysis", 1975).
"""

from __future__ import annotations

import numpy as np


def mpjpe(joints: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean distance of joints (N, K, 3) to the truth (N, K, 3), in their unit: (N,).

    Both relative to their root already: the caller knows which joint that is.
    """
    return np.linalg.norm(joints - truth, axis=-1).mean(-1)


def procrustes_align(joints: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Joints (N, K, 3) moved, turned and scaled onto the truth (N, K, 3), never mirrored."""
    center = truth.mean(1, keepdims=True)
    joints, truth = joints - joints.mean(1, keepdims=True), truth - center
    u, singular, vt = np.linalg.svd(joints.transpose(0, 2, 1) @ truth)
    signs = np.ones_like(singular)
    signs[:, -1] = np.sign(np.linalg.det(u @ vt))
    spread = np.maximum((joints**2).sum((1, 2)), np.finfo(joints.dtype).tiny)
    scale = (singular * signs).sum(1) / spread
    return scale[:, None, None] * (joints @ ((u * signs[:, None]) @ vt)) + center


def pa_mpjpe(joints: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """MPJPE after the best similarity: (N, K, 3), (N, K, 3) -> (N,)."""
    return mpjpe(procrustes_align(joints, truth), truth)


def landing_error(
    joints_px: np.ndarray, landmarks_px: np.ndarray, visible: np.ndarray, heights_px: np.ndarray
) -> np.ndarray:
    """Mean distance of projected joints (N, K, 2) to visible landmarks (N, K, 2), visible (N, K),
    over the people's heights (N,): (N,), NaN where nothing is visible."""
    distance = np.linalg.norm(joints_px - landmarks_px, axis=-1)
    seen = visible.sum(1)
    total = np.where(visible, distance, 0).sum(1)
    mean = np.divide(total, seen, out=np.full(len(seen), np.nan), where=seen > 0)
    return mean / heights_px

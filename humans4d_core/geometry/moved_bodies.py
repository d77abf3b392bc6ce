"""Bodies where people are expected to be, seen from where the camera is now."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import Bodies, Camera, Pose
from . import project, unproject


def moved(
    bodies: Bodies, displacement: np.ndarray, camera: Camera, new_from_old: Pose | None = None
) -> Bodies:
    """Bodies shifted by (N, 3) metres, then seen by a camera that moved, and projected again.

    What falls behind the camera keeps its last pixels.
    """
    shift = displacement.astype(np.float32)[:, None]
    joints, vertices = bodies.joints_cam, bodies.vertices_cam
    orient, covariance = bodies.global_orient, bodies.pelvis_covariance_cam
    if new_from_old is not None:
        turn = new_from_old.rotation.astype(np.float32)
        shift = shift @ turn.T + new_from_old.translation.astype(np.float32)
        joints, vertices = _turned(joints, turn), _turned(vertices, turn)
        orient, covariance = turn @ orient, turn @ covariance @ turn.T
    joints, vertices = joints + shift, vertices + shift
    # The box is a card that stands at the pelvis' depth, faces the camera and moves along.
    pelvis, pelvis_before = (joints[:, 1] + joints[:, 2]) / 2, bodies.pelvis_cam
    depth = np.repeat(pelvis_before[:, 2:], 2, axis=1)
    corners_px = bodies.boxes_px.reshape(-1, 2, 2)
    corners = unproject(corners_px, depth, camera) + (pelvis - pelvis_before)[:, None]
    return replace(
        bodies,
        global_orient=orient,
        # SMPL's translation turns about the root joint: that joint's way is the translation's.
        translation_cam=bodies.translation_cam + joints[:, 0] - bodies.joints_cam[:, 0],
        vertices_cam=vertices,
        joints_cam=joints,
        joints_px=_finite_or(project(joints, camera), bodies.joints_px),
        boxes_px=_finite_or(project(corners, camera), corners_px).reshape(-1, 4),
        pelvis_covariance_cam=covariance,
    )


def _turned(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Rows (N, P, 3): one product, where numpy would make one for each person."""
    return (points.reshape(-1, 3) @ turn.T).reshape(points.shape)


def _finite_or(values: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values).all(axis=-1, keepdims=True)
    return np.where(finite, values, otherwise).astype(np.float32)

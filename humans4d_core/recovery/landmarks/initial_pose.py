"""A closed-form first guess: torso by Kabsch, limbs by pointing each bone, depth by size."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ...geometry.numpy_rotations import exponential, kabsch, minimal_rotation
from .joint_limits import ACTIVE_JOINTS
from .kinematics import LandmarkSkeleton

# Joint, child, its landmark, the child's landmark: bones that landmarks point out.
_UPPER = ((1, 4, 23, 25), (2, 5, 24, 26), (16, 18, 11, 13), (17, 19, 12, 14))
_LOWER = ((4, 7, 25, 27), (5, 8, 26, 28), (18, 20, 13, 15), (19, 21, 14, 16))
# In the upper bone's frame at rest, the direction a bent lower bone leans to: knees fold
# backwards, elbows forwards.
_FOLD = np.array([(0, 0, -1), (0, 0, -1), (0, 0, 1), (0, 0, 1)], float)
_TORSO = (11, 12, 23, 24)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def initial_pose(
    skeleton: LandmarkSkeleton,
    rays: np.ndarray,
    world: np.ndarray,
    weights: np.ndarray,
    stature_beta: float,
):
    """(axis-angle (N, A, 3), betas (N, B), translation (N, 3), world scaled to the body (N, K, 3)).

    The landmarks' metres are those of an average person of their training set; they are scaled
    so that the bones that are seen are as long as this body's.
    """
    n = len(rays)
    index = {landmark: k for k, landmark in enumerate(skeleton.landmarks)}
    betas = np.zeros((n, skeleton.num_betas))
    betas[:, 0] = stature_beta
    identity = np.broadcast_to(np.eye(3), (n, 24, 3, 3))
    rest = skeleton.pose(identity, betas)

    pairs = np.array([[index[a], index[b]] for _, _, a, b in (*_UPPER, *_LOWER)])
    pairs = np.concatenate((pairs, [[index[11], index[23]], [index[12], index[24]]]))
    lengths = np.linalg.norm(np.diff(rest.points[:, pairs], axis=2)[:, :, 0], axis=-1)
    seen_lengths = np.linalg.norm(np.diff(world[:, pairs], axis=2)[:, :, 0], axis=-1)
    seen = weights[:, pairs].prod(-1) + 1e-3
    scale = (seen * lengths * seen_lengths).sum(1) / np.maximum(
        (seen * seen_lengths**2).sum(1), 1e-9
    )
    world = world * np.clip(scale, 0.5, 2.0)[:, None, None]

    torso = np.array([index[i] for i in _TORSO])
    source = rest.points[:, torso] - rest.points[:, torso].mean(1, keepdims=True)
    target = world[:, torso] - world[:, torso].mean(1, keepdims=True)
    root = kabsch(source, target, np.ones(target.shape[:2]))

    local = identity.copy()
    local[:, 0] = root
    joint, child, start, end = (np.array(column) for column in zip(*_UPPER, strict=True))
    bone = _unit(skeleton.bones[child])
    direction = _unit(world[:, [index[i] for i in end]] - world[:, [index[i] for i in start]])
    upper = minimal_rotation(
        np.broadcast_to(bone, direction.shape),
        (root.transpose(0, 2, 1)[:, None] @ direction[..., None])[..., 0],
    )
    lower_joint, lower_child, start, end = (np.array(c) for c in zip(*_LOWER, strict=True))
    direction = _unit(world[:, [index[i] for i in end]] - world[:, [index[i] for i in start]])
    # Turn the upper bone about itself so that the lower one folds the way the joint does, the
    # more the further it is bent.
    to_upper = (root[:, None] @ upper).transpose(0, 1, 3, 2)
    lean = (to_upper @ direction[..., None])[..., 0]
    sideways = np.cross(bone, _FOLD)
    along_fold, along_side = (lean * _FOLD).sum(-1), (lean * sideways).sum(-1)
    twist = np.arctan2(along_side, along_fold) * np.minimum(
        1, np.hypot(along_fold, along_side) / 0.4
    )
    upper = upper @ exponential(bone * twist[..., None])
    local[:, joint] = upper
    to_upper = (root[:, None] @ upper).transpose(0, 1, 3, 2)
    lean = (to_upper @ direction[..., None])[..., 0]
    lower_bone = np.broadcast_to(_unit(skeleton.bones[lower_child]), lean.shape)
    local[:, lower_joint] = minimal_rotation(lower_bone, lean)

    angles = Rotation.from_matrix(local[:, ACTIVE_JOINTS].reshape(-1, 3, 3)).as_rotvec()
    points = skeleton.pose(local, betas).points
    return angles.reshape(n, -1, 3), betas, _translation(points, rays, weights), world


def _translation(points: np.ndarray, rays: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Least-squares t (N, 3) with (X + t)_xy = ray (X + t)_z, linear in t."""
    n, k = weights.shape
    w = np.sqrt(weights + 1e-4)[..., None]
    rows = np.zeros((n, k, 2, 3))
    rows[:, :, 0, 0] = rows[:, :, 1, 1] = 1
    rows[:, :, :, 2] = -rays
    rows *= w[..., None]
    values = (rays * points[..., 2:] - points[..., :2]) * w
    matrix, vector = rows.reshape(n, -1, 3), values.reshape(n, -1, 1)
    transposed = matrix.transpose(0, 2, 1)
    return np.linalg.solve(transposed @ matrix + 1e-9 * np.eye(3), transposed @ vector)[..., 0]

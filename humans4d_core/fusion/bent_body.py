"""A body bent until its joints are where they are wanted, its bones as long as they were.

From the root outwards each bone is turned the short way onto the direction that is wanted; where a
joint has several children, all of them at once (Kabsch, 1976). Twist about a bone stays.
"""

from __future__ import annotations

import numpy as np

from ..geometry.numpy_rotations import kabsch, minimal_rotation
from ..types import JOINT_PARENTS

_PARENTS = np.array(JOINT_PARENTS)


def _levels() -> list[tuple[np.ndarray, np.ndarray]]:
    """Joints with their children, (L,) and (L, C), all of one level and one number of children."""
    depth = np.zeros(len(_PARENTS), int)
    for joint in range(1, len(_PARENTS)):
        depth[joint] = depth[_PARENTS[joint]] + 1
    children = {j: np.flatnonzero(j == _PARENTS) for j in range(len(_PARENTS))}
    groups: dict[tuple[int, int], list[int]] = {}
    for joint, own in children.items():
        if len(own):
            groups.setdefault((int(depth[joint]), len(own)), []).append(joint)
    return [
        (np.array(joints), np.stack([children[j] for j in joints]))
        for _, joints in sorted(groups.items())
    ]


_LEVELS = _levels()


def global_rotations(rotations: np.ndarray) -> np.ndarray:
    """Rotations (N, 24, 3, 3) relative to the parents -> relative to the root's frame."""
    turned = rotations.copy()
    for joints, children in _LEVELS:
        turned[:, children] = turned[:, joints, None] @ rotations[:, children]
    return turned


def local_rotations(turned: np.ndarray) -> np.ndarray:
    """The inverse of `global_rotations`."""
    rotations = turned.copy()
    rotations[:, 1:] = turned[:, _PARENTS[1:]].swapaxes(-1, -2) @ turned[:, 1:]
    return rotations


def bent(
    rotations: np.ndarray, joints: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (N, 24, 3, 3), relative to the parents, and joints (N, 24, 3) of N bodies whose
    bones point as those of `wanted` (N, 24, 3) do; hip midpoints are those wanted.

    rotations, joints: of the bodies as they are.
    """
    old = global_rotations(rotations)
    new, placed = old.copy(), joints.copy()
    for level, children in _LEVELS:
        carry = new[:, level] @ old[:, level].swapaxes(-1, -2)
        bones = joints[:, children] - joints[:, level, None]  # (N, L, C, 3)
        bones = bones @ carry.swapaxes(-1, -2)
        aims = wanted[:, children] - wanted[:, level, None]
        turn = _turns(bones, aims)
        new[:, level] = turn @ new[:, level]
        placed[:, children] = placed[:, level, None] + bones @ turn.swapaxes(-1, -2)
        new[:, children] = turn[:, :, None] @ carry[:, :, None] @ old[:, children]
    hips = (wanted[:, 1] + wanted[:, 2] - placed[:, 1] - placed[:, 2]) / 2
    return local_rotations(new), placed + hips[:, None]


def _turns(bones: np.ndarray, aims: np.ndarray) -> np.ndarray:
    """Rotations (N, L, 3, 3) that turn bones (N, L, C, 3) onto aims."""
    if bones.shape[2] == 1:
        length = np.linalg.norm(bones[:, :, 0], axis=-1) * np.linalg.norm(aims[:, :, 0], axis=-1)
        usable = (length > 1e-12)[..., None]
        unit = np.array([0.0, 0, 1])
        source, target = (
            np.where(usable, v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9), unit)
            for v in (bones[:, :, 0], aims[:, :, 0])
        )
        return minimal_rotation(source, target)
    flat = (-1, *bones.shape[2:])
    weights = np.ones((len(bones) * bones.shape[1], bones.shape[2]))
    found = kabsch(bones.reshape(flat), aims.reshape(flat), weights)
    return found.reshape(*bones.shape[:2], 3, 3)

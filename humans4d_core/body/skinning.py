"""Linear blend skinning with SMPL's 24 joints, batched over people, in numpy and in torch.

    M(theta, beta) = skin(template + shape(beta) + pose(theta), joints(beta), theta, weights)

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015. Three matrix products do the
work: blend shapes, skinning transforms of every vertex, and the joints picked from the mesh.
Inside, coordinates come before vertices, (N, 3, V), so that each product runs over long rows.
Whatever calls numpy or torch is given as `xp`: the formula stands here once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..types import JOINT_PARENTS
from .body_data import NUM_BETAS, NUM_JOINTS, BodyData


class SkinningArrays(NamedTuple):
    """What skinning needs of a body: numpy arrays, or tensors of one device and precision."""

    shapes: Any  #: (1 + 10 or 1 + 217, 3V) m: the template, then what betas and pose features add
    joint_template: Any  #: (24, 3) m at rest, mean shape
    joint_directions: Any  #: (10, 24, 3) m
    weights: Any  #: (24, V)
    ancestors: Any  #: (rounds, 25) int, see `ancestors`
    identity: Any  #: (3, 3)


def skinning_arrays(data: BodyData) -> SkinningArrays:
    """The arrays of a body, float32."""
    shapes = np.concatenate((data.template[..., None], data.shape_directions), axis=-1)
    if data.pose_directions is not None:
        shapes = np.concatenate((shapes, data.pose_directions), axis=-1)
    # Joints at rest are linear in the betas too: no need to go over the vertices.
    regressor = data.joint_regressor.astype(np.float64)
    directions = np.einsum("jv,vck->kjc", regressor, data.shape_directions)
    return SkinningArrays(
        np.ascontiguousarray(shapes.transpose(2, 1, 0).reshape(shapes.shape[-1], -1), np.float32),
        (regressor @ data.template).astype(np.float32),
        np.ascontiguousarray(directions, np.float32),
        np.ascontiguousarray(data.skinning_weights.T),
        ancestors(JOINT_PARENTS),
        np.eye(3, dtype=np.float32),
    )


def posed(xp: Any, body: SkinningArrays, rotations: Any, betas: Any) -> tuple[Any, Any, Any]:
    """Pose N bodies.

    rotations (N, 24, 3, 3): each joint's, relative to its parent. betas (N, 10). Returns the
    joints (N, 24, 3), the shape of each body at rest with what its pose adds to it, (N, 3, V), and
    the transforms [R | t] of its vertices, (N, 4, 3, V), the columns of R first.
    """
    count, vertices = len(betas), body.weights.shape[1]
    rest_joints = body.joint_template + xp.tensordot(betas, body.joint_directions, 1)
    transforms = _joint_transforms(xp, body, rotations, rest_joints)  # (N, 24, 3, 4)
    joints = (transforms[..., :3] @ rest_joints[..., None])[..., 0] + transforms[..., 3]
    coefficients = [xp.broadcast_to(body.identity[:1, :1], (count, 1)), betas]
    if len(body.shapes) > 1 + NUM_BETAS:
        coefficients.append((rotations[:, 1:] - body.identity).reshape(count, 207))
    shaped = (xp.concatenate(coefficients, 1) @ body.shapes).reshape(count, 3, vertices)
    rows = xp.swapaxes(transforms, 1, 3).reshape(count * 12, NUM_JOINTS)
    return joints, shaped, (rows @ body.weights).reshape(count, 4, 3, vertices)


def _joint_transforms(xp: Any, body: SkinningArrays, rotations: Any, rest_joints: Any) -> Any:
    """Rest frame -> posed frame of each joint: (N, 24, 3, 4).

    A joint's own motion is the rotation about its place at rest; its transform is the product
    of its ancestors' motions and its own. Pointer jumping: each round multiplies a joint by
    the ancestor its product ends at, so that 4 rounds reach over SMPL's 9 levels.
    """
    # Slot 24 is the identity: the ancestor of those who have none.
    offsets = rest_joints - (rotations @ rest_joints[..., None])[..., 0]
    unturned = xp.broadcast_to(body.identity, (len(rotations), 1, 3, 3))
    turn = xp.concatenate((rotations, unturned), 1)
    move = xp.concatenate((offsets, 0 * unturned[..., 0]), 1)[..., None]
    for upper_slots in body.ancestors:
        upper = turn[:, upper_slots]
        move = upper @ move + move[:, upper_slots]
        turn = upper @ turn
    return xp.concatenate((turn, move), -1)[:, :NUM_JOINTS]


def ancestors(parents: tuple[int, ...]) -> np.ndarray:
    """(rounds, J + 1): round k's row gives each joint's 2^k-th ancestor; J where there is none."""
    none = len(parents)
    step = np.array([none if parent < 0 else parent for parent in parents] + [none])
    rounds = []
    while (step[:none] != none).any():
        rounds.append(step)
        step = step[step]
    return np.array(rounds)

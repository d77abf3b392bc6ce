"""Linear blend skinning with SMPL's 24 joints, batched over people.

    M(theta, beta) = skin(template + shape(beta) + pose(theta), joints(beta), theta, weights)

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015. Three matrix products do the
work: blend shapes, skinning transforms of every vertex, and the joints picked from the mesh.
Inside, coordinates come before vertices, (N, 3, V), so that each product runs over long rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..types import JOINT_NAMES, JOINT_PARENTS
from .body_data import NUM_BETAS, NUM_JOINTS, BodyData

#: SMPL's vertices that stand for face, feet and finger tips: joints 24-44, in smplx's order.
SURFACE_JOINTS = {
    "nose": 332, "right_eye": 6260, "left_eye": 2800, "right_ear": 4071, "left_ear": 583,
    "left_big_toe": 3216, "left_small_toe": 3226, "left_heel": 3387,
    "right_big_toe": 6617, "right_small_toe": 6624, "right_heel": 6787,
    "left_thumb": 2746, "left_index": 2319, "left_middle": 2445, "left_ring": 2556,
    "left_pinky": 2673, "right_thumb": 6191, "right_index": 5782, "right_middle": 5905,
    "right_ring": 6016, "right_pinky": 6133,
}  # fmt: skip

#: OpenPose's 25 joints among the 45.
OPENPOSE_FROM_45 = (24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, 25, 26, 27, 28, 29, 30,
                    31, 32, 33, 34)  # fmt: skip


class BodyOutput(NamedTuple):
    """Posed bodies in SMPL's axes, metres, without translation."""

    vertices: torch.Tensor  #: (N, V, 3)
    joints: torch.Tensor  #: (N, 24, 3)


class BodyModel(torch.nn.Module):
    """A body that bends. Holds no parameters; moves to devices and types as any module."""

    _template: torch.Tensor
    _directions: torch.Tensor
    _joint_template: torch.Tensor
    _joint_directions: torch.Tensor
    _weights: torch.Tensor
    _ancestors: torch.Tensor
    # None: the mesh is not SMPL's, whose vertices these joints are made of.
    _surface_vertices: torch.Tensor | None
    _openpose_joints: torch.Tensor | None
    _regressor_extra: torch.Tensor | None

    def __init__(self, data: BodyData):
        super().__init__()
        self.name = data.name
        self.faces = data.faces
        self.parents = JOINT_PARENTS
        self.joint_names = JOINT_NAMES
        self.num_vertices = len(data.template)

        def keep(name: str, array: ArrayLike | None, dtype: torch.dtype = torch.float32) -> None:
            tensor = None
            if array is not None:
                tensor = torch.tensor(np.ascontiguousarray(array), dtype=dtype)
            self.register_buffer(name, tensor, persistent=False)

        # (3, V) rows; blend shapes as (K, 3V): betas first, then pose features.
        keep("_template", data.template.T)
        directions = data.shape_directions.transpose(2, 1, 0).reshape(NUM_BETAS, -1)
        if data.pose_directions is not None:
            pose = data.pose_directions.transpose(2, 1, 0).reshape(-1, directions.shape[1])
            directions = np.concatenate((directions, pose))
        self.has_pose_directions = data.pose_directions is not None
        keep("_directions", directions)
        # Joints at rest are linear in the betas too: no need to go over the vertices.
        regressor = data.joint_regressor.astype(np.float64)
        keep("_joint_template", regressor @ data.template)
        keep("_joint_directions", np.einsum("jv,vck->kjc", regressor, data.shape_directions))
        keep("_weights", data.skinning_weights.T)
        keep("_ancestors", _ancestors(JOINT_PARENTS), torch.int64)
        on_smpl_mesh = data.has_smpl_topology
        surface, openpose = list(SURFACE_JOINTS.values()), OPENPOSE_FROM_45
        keep("_surface_vertices", surface if on_smpl_mesh else None, torch.int64)
        keep("_openpose_joints", openpose if on_smpl_mesh else None, torch.int64)
        extra = data.joint_regressor_extra if on_smpl_mesh else None
        keep("_regressor_extra", extra)

    def at_rest(self, betas: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) and joints (24, 3) of a body at rest: m, float32.

        betas: (10,); None: the mean body.
        """
        device = self._weights.device
        shape = np.zeros(NUM_BETAS) if betas is None else betas
        with torch.inference_mode():
            unturned = torch.eye(3, device=device).expand(1, NUM_JOINTS, 3, 3)
            row = torch.as_tensor(shape, dtype=torch.float32, device=device)[None]
            rest = self(unturned[:, 0], unturned[:, 1:], row)
        return rest.vertices[0].float().cpu().numpy(), rest.joints[0].float().cpu().numpy()

    @property
    def skinning_weights(self) -> np.ndarray:
        """(V, 24) share of each joint in each vertex."""
        return self._weights.float().cpu().numpy().T

    @property
    def segments(self) -> torch.Tensor:
        """(V,) the joint that carries most of each vertex."""
        return self._weights.argmax(0)

    def forward(
        self, global_orient: torch.Tensor, body_pose: torch.Tensor, betas: torch.Tensor
    ) -> BodyOutput:
        """Pose N bodies.

        global_orient (N, 3, 3) or (N, 1, 3, 3) and body_pose (N, 23, 3, 3) are rotation matrices,
        each relative to the parent joint; betas (N, 10). The root turns about the pelvis joint.
        """
        count = len(betas)
        rotations = torch.cat((global_orient.reshape(count, 1, 3, 3), body_pose), dim=1)
        rest_joints = self._joint_template + torch.tensordot(betas, self._joint_directions, 1)
        transforms = self._joint_transforms(rotations, rest_joints)  # (N, 24, 3, 4)
        joints = (transforms[..., :3] @ rest_joints[..., None]).squeeze(-1) + transforms[..., 3]
        coordinates = self._skin(self._shaped(body_pose, betas), transforms)  # (N, 3, V)
        return BodyOutput(coordinates.transpose(1, 2).contiguous(), joints)

    def joints45(self, output: BodyOutput) -> torch.Tensor | None:
        """(N, 45, 3): the 24 joints and SURFACE_JOINTS; None where the mesh is not SMPL's."""
        if self._surface_vertices is None:
            return None
        return torch.cat((output.joints, output.vertices[:, self._surface_vertices]), dim=1)

    def joints44(self, output: BodyOutput) -> torch.Tensor | None:
        """(N, 44, 3): OpenPose's 25 joints and HMR 2.0's 19; None where there is no regressor for
        them."""
        joints45 = self.joints45(output)
        if joints45 is None or self._regressor_extra is None:
            return None
        extra = self._regressor_extra @ output.vertices
        return torch.cat((joints45[:, self._openpose_joints], extra), dim=1)

    def _shaped(self, body_pose: torch.Tensor, betas: torch.Tensor) -> torch.Tensor:
        """Vertices at rest with the blend shapes of shape and pose: (N, 3, V)."""
        coefficients = betas
        if self.has_pose_directions:
            identity = torch.eye(3, dtype=betas.dtype, device=betas.device)
            coefficients = torch.cat((betas, (body_pose - identity).flatten(1)), dim=1)
        shaped = torch.addmm(self._template.view(1, -1), coefficients, self._directions)
        return shaped.view(len(betas), 3, self.num_vertices)

    def _joint_transforms(self, rotations: torch.Tensor, rest_joints: torch.Tensor) -> torch.Tensor:
        """Rest frame -> posed frame of each joint: (N, 24, 3, 4).

        A joint's own motion is the rotation about its place at rest; its transform is the product
        of its ancestors' motions and its own. Pointer jumping: each round multiplies a joint by
        the ancestor its product ends at, so that 4 rounds reach over SMPL's 9 levels.
        """
        # Slot 24 is the identity: the ancestor of those who have none.
        offsets = rest_joints - (rotations @ rest_joints[..., None]).squeeze(-1)
        identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
        turn = torch.cat((rotations, identity.expand(len(rotations), 1, 3, 3)), dim=1)
        move = torch.nn.functional.pad(offsets, (0, 0, 0, 1))[..., None]
        for ancestors in self._ancestors:
            upper = turn[:, ancestors]
            move = upper @ move + move[:, ancestors]
            turn = upper @ turn
        return torch.cat((turn, move), dim=-1)[:, :NUM_JOINTS]

    def _skin(self, shaped: torch.Tensor, transforms: torch.Tensor) -> torch.Tensor:
        """Each vertex moved by the weighted mean of its joints' transforms: (N, 3, V)."""
        count, vertices = len(shaped), self.num_vertices
        rows = transforms.permute(0, 3, 2, 1).reshape(count * 12, NUM_JOINTS)
        blended = (rows @ self._weights).view(count, 4, 3, vertices)  # columns of [R | t]
        x, y, z = shaped[:, :, None].unbind(1)  # (N, 1, V) each
        posed = torch.addcmul(blended[:, 3], blended[:, 0], x)
        posed = torch.addcmul(posed, blended[:, 1], y)
        return torch.addcmul(posed, blended[:, 2], z)


def _ancestors(parents: tuple[int, ...]) -> np.ndarray:
    """(rounds, J + 1): round k's row gives each joint's 2^k-th ancestor; J where there is none."""
    none = len(parents)
    step = np.array([none if parent < 0 else parent for parent in parents] + [none])
    rounds = []
    while (step[:none] != none).any():
        rounds.append(step)
        step = step[step]
    return np.array(rounds)

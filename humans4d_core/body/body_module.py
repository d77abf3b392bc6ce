"""A body that bends, as a torch module: on any device and differentiable."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .body_data import BodyData
from .body_model import BodyModel
from .skinning import SkinningArrays, posed

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


class BodyModule(torch.nn.Module):
    """A `BodyModel` in torch. Holds no parameters; moves to devices and types as any module."""

    # None: the mesh is not SMPL's, whose vertices these joints are made of.
    _surface_vertices: torch.Tensor | None
    _openpose_joints: torch.Tensor | None
    _regressor_extra: torch.Tensor | None

    def __init__(self, body: BodyModel | BodyData):
        super().__init__()
        #: The same body in numpy.
        self.model = body if isinstance(body, BodyModel) else BodyModel(body)
        data, arrays = self.model.data, self.model.arrays

        def keep(name: str, array: object, dtype: torch.dtype = torch.float32) -> None:
            tensor = None if array is None else torch.as_tensor(array, dtype=dtype)
            self.register_buffer(name, tensor, persistent=False)

        for name, array in arrays._asdict().items():
            keep("_" + name, array, torch.int64 if name == "ancestors" else torch.float32)
        on_smpl_mesh = data.has_smpl_topology
        surface, openpose = list(SURFACE_JOINTS.values()), list(OPENPOSE_FROM_45)
        keep("_surface_vertices", surface if on_smpl_mesh else None, torch.int64)
        keep("_openpose_joints", openpose if on_smpl_mesh else None, torch.int64)
        extra = data.joint_regressor_extra if on_smpl_mesh else None
        keep("_regressor_extra", None if extra is None else np.array(extra))

    def forward(
        self, global_orient: torch.Tensor, body_pose: torch.Tensor, betas: torch.Tensor
    ) -> BodyOutput:
        """Pose N bodies, see `BodyModel.__call__`."""
        rotations = torch.cat((global_orient.reshape(len(betas), 1, 3, 3), body_pose), dim=1)
        arrays = SkinningArrays(*(getattr(self, "_" + name) for name in SkinningArrays._fields))
        joints, shaped, moves = posed(torch, arrays, rotations, betas)
        x, y, z = shaped[:, :, None].unbind(1)  # (N, 1, V) each
        coordinates = torch.addcmul(moves[:, 3], moves[:, 0], x)
        coordinates = torch.addcmul(coordinates, moves[:, 1], y)
        coordinates = torch.addcmul(coordinates, moves[:, 2], z)
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

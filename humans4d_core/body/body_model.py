"""A body that bends, in numpy: what every part but HMR 2.0 poses people with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..types import JOINT_NAMES, JOINT_PARENTS
from .body_data import NUM_BETAS, NUM_JOINTS, BodyData
from .skinning import posed, skinning_arrays


class PosedBodies(NamedTuple):
    """Posed bodies in SMPL's axes, metres, without translation; float32."""

    vertices: np.ndarray  #: (N, V, 3)
    joints: np.ndarray  #: (N, 24, 3)


class BodyModel:
    """A body that bends; see `skinning` for the formula."""

    parents = JOINT_PARENTS
    joint_names = JOINT_NAMES

    def __init__(self, data: BodyData):
        self.data = data
        self.arrays = skinning_arrays(data)
        self.name = data.name
        self.faces = data.faces
        self.num_vertices = len(data.template)

    def __call__(
        self, global_orient: ArrayLike, body_pose: ArrayLike, betas: ArrayLike
    ) -> PosedBodies:
        """Pose N bodies.

        global_orient (N, 3, 3) or (N, 1, 3, 3) and body_pose (N, 23, 3, 3) are rotation matrices,
        each relative to the parent joint; betas (N, 10). The root turns about the pelvis joint.
        """
        shape = np.asarray(betas, np.float32)
        root = np.asarray(global_orient, np.float32).reshape(-1, 1, 3, 3)
        rotations = np.concatenate((root, np.asarray(body_pose, np.float32)), axis=1)
        joints, shaped, moves = posed(np, self.arrays, rotations, shape)
        # In place: a crowd's transforms are large.
        for axis in range(3):
            moves[:, axis] *= shaped[:, axis : axis + 1]
            moves[:, 3] += moves[:, axis]
        return PosedBodies(np.ascontiguousarray(moves[:, 3].swapaxes(1, 2)), joints)

    def at_rest(self, betas: np.ndarray | None = None) -> PosedBodies:
        """Vertices (V, 3) and joints (24, 3) of one body at rest: m, float32.

        betas: (10,); None: the mean body.
        """
        shape = np.zeros(NUM_BETAS) if betas is None else betas
        unturned = np.broadcast_to(np.eye(3), (1, NUM_JOINTS, 3, 3))
        rest = self(unturned[:, 0], unturned[:, 1:], np.asarray(shape)[None])
        return PosedBodies(rest.vertices[0], rest.joints[0])

    def __deepcopy__(self, memo: dict) -> BodyModel:
        """Itself: nothing in it changes, and networks are copied to their devices with it."""
        return self

    @property
    def skinning_weights(self) -> np.ndarray:
        """(V, 24) share of each joint in each vertex."""
        return self.data.skinning_weights

    @property
    def segments(self) -> np.ndarray:
        """(V,) the joint that carries most of each vertex."""
        return self.skinning_weights.argmax(1)

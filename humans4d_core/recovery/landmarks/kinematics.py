"""The body as the fit sees it: 24 joints and the surface points that landmarks name.

A landmark sits on one joint's segment: it moves rigidly with that joint and grows with the
shape. That is exact for joints and close to the skinned surface for nose, ears, heels and toes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...body import BodyData
from ...geometry.numpy_rotations import skew
from ...types import JOINT_PARENTS

#: BlazePose landmark -> the SMPL joint that it marks: shoulders, elbows, wrists, index fingers
#: (their landmark lies at the knuckles), hips, knees, ankles, toes (at the ball of the foot).
JOINT_LANDMARKS = {
    11: 16, 12: 17, 13: 18, 14: 19, 15: 20, 16: 21, 19: 22, 20: 23,
    23: 1, 24: 2, 25: 4, 26: 5, 27: 7, 28: 8, 31: 10, 32: 11,
}  # fmt: skip

#: BlazePose landmark -> (SMPL joint that carries it, direction in SMPL's axes): the vertex of that
#: segment farthest along the direction. Nose and ears.
SURFACE_LANDMARKS = {0: (15, (0, 0, 1)), 7: (15, (1, 0, 0)), 8: (15, (-1, 0, 0))}

#: BlazePose's heels lie below the ankle: landmark -> (joint, metres from it in SMPL's axes).
#: The offset is what remains, in the median over real images, after a fit without these points.
HEEL_LANDMARKS = {29: (7, (0, -0.035, 0.012)), 30: (8, (0, -0.035, 0.012))}


def _levels(parents: tuple[int, ...]) -> list[np.ndarray]:
    """Joints grouped by depth in the tree, so that a level is computed at once."""
    depth = np.zeros(len(parents), int)
    for joint, parent in enumerate(parents[1:], start=1):
        depth[joint] = depth[parent] + 1
    return [np.flatnonzero(depth == d) for d in range(1, depth.max() + 1)]


@dataclass(frozen=True)
class Pose:
    """Where a batch of poses puts the joints and the landmark points, relative to translation."""

    rotations: np.ndarray  #: (N, 24, 3, 3) global
    joints: np.ndarray  #: (N, 24, 3) m
    points: np.ndarray  #: (N, K, 3) m
    joints_shape: np.ndarray  #: (N, 24, 3, B) derivative of the joints by betas
    points_shape: np.ndarray  #: (N, K, 3, B)


class LandmarkSkeleton:
    """Forward kinematics of the joints and K landmark points, with derivatives."""

    def __init__(self, body: BodyData):
        template = body.template.astype(np.float64)
        directions = body.shape_directions.astype(np.float64)
        regressor = body.joint_regressor.astype(np.float64)
        segment = body.skinning_weights.argmax(1)
        num_betas = directions.shape[-1]
        joints = regressor @ template
        joints_shape = np.einsum("jv,vcb->jcb", regressor, directions)

        self.parents = np.array(JOINT_PARENTS)
        self.levels = _levels(JOINT_PARENTS)
        self.num_betas = num_betas
        self.bones = joints - joints[self.parents]  # (24, 3), row 0 unused
        self.bones_shape = joints_shape - joints_shape[self.parents]
        self.root, self.root_shape = joints[0], joints_shape[0]

        rigid = np.zeros((3, num_betas))
        points = [(k, joint, np.zeros(3), rigid) for k, joint in JOINT_LANDMARKS.items()]
        points += [
            (k, joint, np.array(at, float), rigid) for k, (joint, at) in HEEL_LANDMARKS.items()
        ]
        for landmark, (joint, direction) in SURFACE_LANDMARKS.items():
            vertices = np.flatnonzero(segment == joint)
            vertex = vertices[np.argmax(template[vertices] @ np.array(direction, float))]
            offset_shape = directions[vertex] - joints_shape[joint]
            points.append((landmark, joint, template[vertex] - joints[joint], offset_shape))
        landmarks, carriers, offsets, offsets_shape = zip(*points, strict=True)
        self.landmarks = np.array(landmarks)  # (K,) BlazePose indices
        self.carriers = np.array(carriers)  # (K,) joints
        self.offsets = np.array(offsets)  # (K, 3)
        self.offsets_shape = np.array(offsets_shape)  # (K, 3, B)

        # moves[k, j]: rotating joint j moves point k.
        ancestors = np.eye(24, dtype=bool)
        for joint, parent in enumerate(JOINT_PARENTS[1:], start=1):
            ancestors[joint] |= ancestors[parent]
        self.moves = ancestors[self.carriers]

    def __len__(self) -> int:
        return len(self.landmarks)

    def pose(self, local: np.ndarray, betas: np.ndarray) -> Pose:
        """local: (N, 24, 3, 3) rotations relative to the parent; betas: (N, B)."""
        n, shape = len(local), (len(local), 24, 3)
        rotations, joints = np.empty((n, 24, 3, 3)), np.empty(shape)
        joints_shape = np.empty((*shape, self.num_betas))
        bones = self.bones + np.einsum("jcb,nb->njc", self.bones_shape, betas)
        rotations[:, 0] = local[:, 0]
        joints[:, 0] = self.root + betas @ self.root_shape.T
        joints_shape[:, 0] = self.root_shape
        for level in self.levels:
            parent = self.parents[level]
            turn = rotations[:, parent]
            rotations[:, level] = turn @ local[:, level]
            joints[:, level] = joints[:, parent] + (turn @ bones[:, level, :, None])[..., 0]
            joints_shape[:, level] = joints_shape[:, parent] + turn @ self.bones_shape[level]
        turn = rotations[:, self.carriers]
        offsets = self.offsets + np.einsum("kcb,nb->nkc", self.offsets_shape, betas)
        points = joints[:, self.carriers] + (turn @ offsets[..., None])[..., 0]
        points_shape = joints_shape[:, self.carriers] + turn @ self.offsets_shape
        return Pose(rotations, joints, points, joints_shape, points_shape)

    def point_jacobian(self, pose: Pose) -> np.ndarray:
        """Derivative of the points by a turn of each joint about its own axes: (N, K, 24, 3, 3).

        [n, k, j, :, a] = (axis a of joint j in world axes) x (point k - joint j).
        """
        arm = pose.points[:, :, None] - pose.joints[:, None]  # (N, K, 24, 3)
        arm = arm * self.moves[:, :, None]
        return skew(-arm) @ pose.rotations[:, None]

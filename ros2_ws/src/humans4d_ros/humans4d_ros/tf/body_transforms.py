"""Tracked people -> TF frames `body_<track_id>` (REP-155) and, on request, `<joint>_<track_id>`."""

from __future__ import annotations

import numpy as np
from rclpy.qos import QoSProfile

from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS, Bodies

from ..outputs.cdr import CdrWriter
from ..outputs.people_messages import (
    SMPL_TO_REP155,
    body_poses,
    rotations_to_quaternions,
    split_stamp,
)
from ..outputs.scene import Scene

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # a machine with ROS from wheels whose underlay was not built
    TFMessage = None

#: What tf2's broadcasters use.
TF_QOS = QoSProfile(depth=100)


def transforms(scene: Scene, with_joints: bool = False, id_prefix: str = "") -> bytes:
    """TFMessage, in CDR, of the people who are believed to be there, confirmed and occluded ones.

    `body_<track_id>` turns and moves the body's frame (x forward, y left, z up, at the hip
    midpoint) into the scene's. The joints hang below it as the body does: `pelvis_<track_id>`
    below the body, `left_hip_<track_id>` below the pelvis; at rest their axes are the body's.
    id_prefix stands before the id in all names.
    """
    people = scene.present
    ids = [f"{id_prefix}{track_id}" for track_id in people.track_ids.tolist()]
    names, parents = [f"body_{i}" for i in ids], [scene.frame_id] * len(ids)
    rows = np.zeros((len(ids), 1, 7))  # x, y, z of the origin; x, y, z, w of the rotation
    if ids:
        rows[:, 0, :3], rows[:, 0, 3:] = body_poses(people.bodies)
    if with_joints and ids:
        names = [f"{name}_{i}" for i in ids for name in ("body", *JOINT_NAMES)]
        below = [JOINT_NAMES[parent] if parent >= 0 else "body" for parent in JOINT_PARENTS]
        parents = [
            parent for i in ids for parent in (scene.frame_id, *(f"{name}_{i}" for name in below))
        ]
        rows = np.concatenate((rows, _joints_below_parents(people.bodies)), axis=1)
    return _tf_message(scene.stamp_ns, parents, names, rows.reshape(-1, 7))


def _joints_below_parents(bodies: Bodies) -> np.ndarray:
    """(N, 24, 7): each joint in its parent's frame, the pelvis in the body's."""
    turns = np.array(bodies.global_orient, np.float64)[:, :, SMPL_TO_REP155]
    # SMPL's rotations, between the axes that REP-155 gives a body.
    local = np.array(bodies.body_pose, np.float64)[:, :, SMPL_TO_REP155][..., SMPL_TO_REP155]
    local = np.concatenate((np.broadcast_to(np.eye(3), turns.shape)[:, None], local), axis=1)
    axes = np.empty_like(local)  # of each joint's parent, in the bodies' frame
    world = np.empty_like(local)
    for joint, parent in enumerate(JOINT_PARENTS):
        axes[:, joint] = turns if parent < 0 else world[:, parent]
        world[:, joint] = axes[:, joint] @ local[:, joint]
    joints = bodies.joints_cam.astype(np.float64)
    origins = joints[:, JOINT_PARENTS]
    origins[:, 0] = bodies.pelvis_cam
    offsets = np.einsum("njba,njb->nja", axes, joints - origins)
    quaternions = rotations_to_quaternions(local.reshape(-1, 3, 3)).reshape(len(joints), -1, 4)
    return np.concatenate((offsets, quaternions), axis=-1)


def _tf_message(stamp_ns: int, parents: list[str], names: list[str], rows: np.ndarray) -> bytes:
    seconds, nanoseconds = split_stamp(stamp_ns)
    out = CdrWriter()
    out.numbers("I", len(names))
    for parent, name, row in zip(parents, names, rows.tolist(), strict=True):
        out.numbers("i", seconds)
        out.numbers("I", nanoseconds)
        out.text(parent)
        out.text(name)
        out.numbers("d", *row)
    return out.to_bytes()

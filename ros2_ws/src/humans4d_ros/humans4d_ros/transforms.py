"""Tracked people -> TF frames `body_<track_id>` (REP-155)."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import TransformStamped

from humans4d_core.types import Frame, People, TrackState

from .conversions import body_poses, split_stamp

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # a machine with ROS from wheels whose underlay was not built
    TFMessage = None


def body_transforms(people: People, frame: Frame):
    """TFMessage of the people who are believed to be there, confirmed and occluded ones.

    Each turns and moves the body's frame (x forward, y left, z up, at the hip midpoint) into the
    camera's optical frame at the image's stamp.
    """
    there = np.isin(people.states, (TrackState.CONFIRMED, TrackState.OCCLUDED))
    if not there.any():
        return TFMessage()
    people = people.select(there)
    positions, quaternions = (poses.tolist() for poses in body_poses(people.bodies))
    seconds, nanoseconds = split_stamp(frame.stamp_ns)
    transforms = []
    for track_id, position, quaternion in zip(
        people.track_ids.tolist(), positions, quaternions, strict=True
    ):
        transform = TransformStamped()
        transform.header.stamp.sec, transform.header.stamp.nanosec = seconds, nanoseconds
        transform.header.frame_id = frame.frame_id
        transform.child_frame_id = f"body_{track_id}"
        move, turn = transform.transform.translation, transform.transform.rotation
        move.x, move.y, move.z = position
        turn.x, turn.y, turn.z, turn.w = quaternion
        transforms.append(transform)
    return TFMessage(transforms=transforms)

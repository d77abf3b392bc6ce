"""The people that a node has published, recorded in a bag, as a truth: what changed since then.

BAG#/humans4d/people, humans4d_msgs/TrackedPeople.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...io.bags.bag_messages import message_typestore, open_bag, read_messages
from ...io.bags.bag_topics import connections_of
from ...io.bags.people_messages import (
    OPTICAL,
    TRACKED_PEOPLE,
    join_stamp,
    message_definitions,
)
from ...shown_text import shown
from ...types import Pose, TrackState
from ..results.image_table import ImageRows
from .times import nearest_image
from .truth import Truth, TruthRows
from .truth_options import TruthOptions


def has_people(path: Path, topic: str) -> bool:
    """Whether a bag has published people on a topic."""
    reader = open_bag(path)
    try:
        return bool(connections_of(reader, TRACKED_PEOPLE, topic=topic))
    finally:
        reader.close()


def read_people_topic(path: Path, topic: str, images: ImageRows, options: TruthOptions) -> Truth:
    """Confirmed people by the images' stamps.

    People in an optical frame are in the camera's; others, as of a node with a target_frame, in the
    fixed frame that the clip's camera has its poses in. Raises InputFileError where the definition
    of the message, or the camera's pose, is missing.
    """
    stamps, ids, boxes, places, joints = [], [], [], [], []
    is_camera = True
    for _, _, message in read_messages(path, [topic], message_typestore(message_definitions(path))):
        header = message.header  # type: ignore[attr-defined]
        is_camera &= header.frame_id.endswith(OPTICAL)
        for person in message.people:  # type: ignore[attr-defined]
            if person.state != TrackState.CONFIRMED or len(person.joints) != 72:
                continue
            stamps.append(join_stamp(header.stamp))
            ids.append(person.track_id)
            boxes.append([getattr(person, f"box_{side}") for side in
                          ("x_min", "y_min", "x_max", "y_max")])  # fmt: skip
            position = person.pose.pose.position
            places.append((position.x, position.y, position.z))
            joints.append(np.asarray(person.joints, np.float64).reshape(24, 3))
    row = nearest_image(np.array(stamps, np.int64), images.stamp_ns, round(options.tolerance * 1e9))
    known = row >= 0
    there, row = np.concatenate((
        np.array(places).reshape(-1, 1, 3), np.array(joints).reshape(-1, 24, 3)), axis=1
    )[known], row[known]  # fmt: skip
    if not (is_camera or options.frame == "camera"):
        there = _in_cameras(there, images.fixed_from_camera[row], options.camera_in_truth, path)
    rows = TruthRows.of(
        images.frame[row], np.array(ids, np.int64)[known],
        box=np.array(boxes, np.float64).reshape(-1, 4)[known], place_cam=there[:, 0],
        joints_cam=there[:, 1:].astype(np.float32),
    )  # fmt: skip
    return Truth(rows, images.frame.astype(np.int64), None, int((~known).sum()))


def _in_cameras(
    points: np.ndarray, poses: np.ndarray, standing: Pose | None, path: Path
) -> np.ndarray:
    """Points (R, K, 3) in the camera of each row, pose (R, 3, 4), or in one that stands."""
    if standing is not None:
        return np.asarray(standing.inverse().apply(points))
    if len(points) and not np.isfinite(poses).any():
        raise InputFileError(
            f"{shown(path)}: its people are in no optical frame, and the clip's camera has no pose "
            "in theirs: name it with --fixed-frame, or give --camera-in-truth or --truth-frame "
            "camera"
        )
    away = points - poses[:, None, :, 3]
    return np.asarray(np.einsum("rji,rkj->rki", poses[:, :, :3], away))

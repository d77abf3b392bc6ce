"""The people that a node has published, recorded in a bag, as a truth: what changed since then.

BAG#/humans4d/people, humans4d_msgs/TrackedPeople.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...io.bags.bag_messages import join_stamp, message_typestore, open_bag, read_messages
from ...io.bags.bag_topics import connections_of
from ...io.bags.people_messages import (
    OPTICAL,
    TRACKED_PEOPLE,
    message_definitions,
    people_of_bag,
)
from ...shown_text import shown
from ...types import People, Pose, TrackState
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
    parts = []
    is_camera = True
    for _, _, message in read_messages(path, [topic], message_typestore(message_definitions(path))):
        header = message.header  # type: ignore[attr-defined]
        is_camera &= header.frame_id.endswith(OPTICAL)
        people = people_of_bag(message, path, topic)
        people = people.select(people.states == TrackState.CONFIRMED)
        parts.append(_columns(people, join_stamp(header.stamp)))
    if not parts:
        raise InputFileError(f"{shown(path)} has no message on {shown(topic)}")
    stamps, ids, boxes, points = (np.concatenate(column) for column in zip(*parts, strict=True))
    row = nearest_image(stamps, images.stamp_ns, round(options.tolerance * 1e9))
    known = row >= 0
    there, row = points[known].astype(np.float64), row[known]
    if not (is_camera or options.frame == "camera"):
        there = _in_cameras(there, images.fixed_from_camera[row], options.camera_in_truth, path)
    rows = TruthRows.of(
        images.frame[row], ids[known], box=boxes[known].astype(np.float64), place_cam=there[:, 0],
        joints_cam=there[:, 1:].astype(np.float32),
    )  # fmt: skip
    return Truth(rows, images.frame.astype(np.int64), None, int((~known).sum()))


def _columns(people: People, stamp_ns: int) -> tuple[np.ndarray, ...]:
    """Stamps (N,), ids (N,), boxes (N, 4), and pelvis and joints together (N, 25, 3)."""
    bodies = people.bodies
    points = np.concatenate((bodies.pelvis_cam[:, None], bodies.joints_cam), axis=1)
    return np.full(len(people), stamp_ns), people.track_ids, bodies.boxes_px, points


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

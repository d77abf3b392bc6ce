"""Trackers of PyPI `trackers` (Apache-2.0), at their own defaults, as rivals."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Iterator

import numpy as np

from ..mot_tables import box_rows
from .sequences import BoxSequence

#: Name in tables -> class of `trackers`.
PEERS = {
    "SORT": "SORTTracker",
    "ByteTrack": "ByteTrackTracker",
    "OC-SORT": "OCSORTTracker",
    "BoT-SORT": "BoTSORTTracker",
    "C-BIoU": "CBIoUTracker",
}


def has_peers() -> bool:
    """Whether `trackers` and what it needs are installed."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            import supervision  # noqa: F401
            import trackers
        except ImportError:
            return False
    return all(hasattr(trackers, kind) for kind in PEERS.values())


def peer_tables(sequence: BoxSequence) -> Iterator[tuple[str, np.ndarray]]:
    """(name, rows (R, 6)) of each peer; it is told the frame rate, and no motion of the camera."""
    import trackers

    for name, kind in PEERS.items():
        make = getattr(trackers, kind)
        known = inspect.signature(make).parameters
        wishes = {"frame_rate": sequence.rate, "enable_cmc": False}
        yield name, _followed(make(**{k: v for k, v in wishes.items() if k in known}), sequence)


def _followed(tracker, sequence: BoxSequence) -> np.ndarray:
    import supervision

    rows = [np.zeros((0, 6))]
    for number in range(1, sequence.num_frames + 1):
        given = sequence.detections[number]
        found = tracker.update(supervision.Detections(
            xyxy=given.boxes_px.astype(np.float64), confidence=given.scores.astype(np.float64),
            class_id=np.zeros(len(given), int),
        ))  # fmt: skip
        ids = np.zeros(0, int) if found.tracker_id is None else found.tracker_id
        boxes = found.xyxy[: len(ids)][ids >= 0]
        rows.append(box_rows(number, ids[ids >= 0], boxes))
    return np.concatenate(rows)

"""Another run of the same clip as its truth: what changed, rather than what is right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import TrackState
from ...untrusted_files import open_regular
from ..results.image_table import ImageRows
from ..results.people_table import read_people
from .times import nearest_image
from .truth import Truth, TruthRows

LONGEST_LINE = 8 << 20


def read_run_truth(folder: Path, images: ImageRows, tolerance_ns: int) -> Truth:
    """Confirmed people of a folder with tracks.parquet or people.jsonl, by the images' stamps."""
    if (folder / "tracks.parquet").is_file():
        people = read_people(folder / "tracks.parquet").in_states(TrackState.CONFIRMED)
        stamps, ids, boxes = people.stamp_ns, people.track_id, people.box
        joints, places = people.joints_cam, people.pelvis_cam
    else:
        stamps, ids, boxes, places, joints = _of_lines(folder / "people.jsonl")
    row = nearest_image(stamps, images.stamp_ns, tolerance_ns)
    known = row >= 0
    rows = TruthRows.of(
        images.frame[row[known]], ids[known], box=boxes[known].astype(np.float64),
        place_cam=places[known].astype(np.float64), joints_cam=joints[known].astype(np.float32),
    )  # fmt: skip
    return Truth(rows, images.frame.astype(np.int64), None, int((~known).sum()))


def _of_lines(path: Path) -> tuple[np.ndarray, ...]:
    """Stamps, ids, boxes, pelves and joints of the confirmed people of people.jsonl."""
    stamps, ids, boxes, places, joints = [], [], [], [], []
    with open_regular(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
            try:
                content = json.loads(line)
                for person in content["people"]:
                    if person["state"] != TrackState.CONFIRMED.name:
                        continue
                    stamps.append(int(content["stamp_ns"]))
                    ids.append(int(person["track_id"]))
                    boxes.append(np.array(person["box"], np.float64).reshape(4))
                    places.append(np.array(person["pelvis_cam"], np.float64).reshape(3))
                    joints.append(np.array(person["joints_cam"], np.float64).reshape(24, 3))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise InputFileError(
                    f"{shown(path)}, line {number} is no line of people.jsonl"
                ) from None
    return (
        np.array(stamps, np.int64), np.array(ids, np.int64), np.array(boxes).reshape(-1, 4),
        np.array(places).reshape(-1, 3), np.array(joints).reshape(-1, 24, 3),
    )  # fmt: skip

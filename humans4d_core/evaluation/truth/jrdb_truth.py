"""JRDB's tracking labels: boxes in the image (labels_2d) or in metres around the robot (labels_3d).

A JSON file a sequence: {"labels": {"000000.jpg": [{"label_id": "pedestrian:1", "box": [x, y, w, h],
"attributes": {"occlusion": "Fully_visible", ...}}, ...]}}; of labels_3d the files end with .pcd and
a box is {"cx", "cy", "cz", "l", "w", "h", "rot_z"}: metres, x forward, z up, the middle of the box
(Martin-Martin et al., "JRDB", 2021; fields as in the JRDB toolkit's readme and converters).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Pose
from ...untrusted_files import read_regular
from ..results.image_table import ImageRows
from .truth import Truth, TruthRows

MOST_BYTES = 1 << 30
#: Share of a person that is hidden, by JRDB's words.
HIDDEN = {
    "Fully_visible": 0.0, "Mostly_visible": 0.25, "Severely_occluded": 0.75, "Fully_occluded": 1.0,
}  # fmt: skip
PEDESTRIAN = "pedestrian"


def read_jrdb_truth(path: Path, images: ImageRows, camera_in_truth: Pose | None) -> Truth:
    """camera_in_truth: the camera in the labels' frame, which labels_3d need.

    File names count images from 0. Raises InputFileError where the file is malformed.
    """
    frames: list[int] = []
    people, boxes, places, hidden = [], [], [], []
    for name, objects in _content(path).items():
        number = _number(name, path) + 1
        for each in objects:
            try:
                kind, _, person = str(each["label_id"]).partition(":")
                if kind != PEDESTRIAN:
                    continue
                box = each["box"]
                if isinstance(box, dict):
                    place = [float(box[axis]) for axis in ("cx", "cy", "cz")]
                    corners = [np.nan] * 4
                else:
                    x, y, w, h = map(float, box)
                    place, corners = [np.nan] * 3, [x, y, x + w, y + h]
                words = str((each.get("attributes") or {}).get("occlusion"))
                frames.append(number)
                people.append(int(person))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise InputFileError(
                    f"{shown(path)}, {shown(name, 60)}: {shown(repr(error), 80)}: a label has "
                    "label_id 'pedestrian:N' and a box of x, y, w, h or of cx, cy, cz"
                ) from None
            boxes.append(corners)
            places.append(place)
            hidden.append(HIDDEN.get(words, np.nan))
    place_cam = np.array(places, np.float64).reshape(-1, 3)
    up = None
    if np.isfinite(place_cam).any():
        if camera_in_truth is None:
            raise InputFileError(
                f"{shown(path)} has places around the robot: tell where the camera is in that "
                "frame with --camera-in-truth x,y,z,qx,qy,qz,qw"
            )
        place_cam = camera_in_truth.inverse().apply(place_cam)
        up = camera_in_truth.rotation[2]
    frame = np.array(frames, np.int64)
    known = np.isin(frame, images.frame)
    rows = TruthRows.of(
        frame, people, box=np.array(boxes, np.float64).reshape(-1, 4), place_cam=place_cam,
        hidden=np.array(hidden, np.float64),
    )  # fmt: skip
    return Truth(rows.select(known), images.frame.astype(np.int64), up, int((~known).sum()))


def _content(path: Path) -> dict:
    try:
        content = json.loads(read_regular(path, MOST_BYTES))["labels"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputFileError(f"{shown(path)} is none of JRDB's label files: no 'labels'") from None
    if not isinstance(content, dict) or not all(isinstance(v, list) for v in content.values()):
        raise InputFileError(f"{shown(path)}: 'labels' is no list of objects by file name")
    return content


def _number(name: str, path: Path) -> int:
    digits = re.search(r"(\d+)\.\w+$", name)
    if digits is None or len(digits[1]) > 9:
        raise InputFileError(f"{shown(path)}: '{shown(name, 60)}' is no numbered file name")
    return int(digits[1])

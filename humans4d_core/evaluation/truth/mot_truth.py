"""True tracks in MOT Challenge's format: MOT15, MOT16, MOT17, MOT20.

MOT15: frame,id,x,y,w,h,mark,X,Y,Z with the feet on a plane in metres where it is known. The later
ones: frame,id,x,y,w,h,mark,class,visibility (Milan et al., "MOT16", 2016, section 3.3; class 1 is
a pedestrian).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Pose
from ..mot_tables import CLASS, COLUMNS, MARK, read_table
from ..results.image_table import ImageRows
from .truth import Truth, TruthRows

PEDESTRIAN = 1
CLASSES = range(1, 14)


def read_mot_truth(path: Path, images: ImageRows, ground_from_camera: Pose | None) -> Truth:
    """ground_from_camera: of MOT15's plane, where it is known: columns 8 and 9 are metres on it.

    Raises InputFileError where the file is malformed.
    """
    table = read_table(path, COLUMNS + 1)
    boxes = table[:, 2:6].copy()
    boxes[:, 2:] += boxes[:, :2]
    counts, hidden, notes = table[:, MARK] != 0, np.full(len(table), np.nan), []
    places = np.full((len(table), 3), np.nan)
    kinds, visible = table[:, CLASS], table[:, COLUMNS]
    is_placed = (table[:, CLASS:] != -1).any(1)
    has_classes = np.isin(kinds, CLASSES).all() and ((visible >= 0) & (visible <= 1)).all()
    if len(table) and has_classes:
        counts &= kinds == PEDESTRIAN
        hidden = 1 - visible
    elif ground_from_camera is not None:
        on_plane = np.column_stack((table[:, CLASS:], np.zeros(len(table))))
        places[is_placed] = ground_from_camera.inverse().apply(on_plane[is_placed])
    elif is_placed.any():
        notes.append(
            f"columns 8 and 9 of {shown(path.name)} may be metres on the ground, but no "
            "camera.json beside it tells where the camera is: positions are not scored"
        )
    rows = TruthRows.of(
        table[:, 0], table[:, 1], counts=counts, box=boxes, place_cam=places, hidden=hidden
    )
    known = np.isin(rows.frame, images.frame)
    if len(rows) and not known.any():
        raise InputFileError(
            f"{shown(path)} has frames {rows.frame.min()} to {rows.frame.max()} and the clip has "
            f"images {images.frame.min()} to {images.frame.max()}: 1 is the first"
        )
    up = None
    if ground_from_camera is not None:
        up = ground_from_camera.rotation[2]
    return Truth(
        rows.select(known), images.frame.astype(np.int64), up,
        int((~known).sum()), tuple(notes),
    )  # fmt: skip

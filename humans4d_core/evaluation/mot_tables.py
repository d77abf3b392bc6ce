"""Tracks and their truth in MOT Challenge's text format, as tables.

One line a box: frame,id,x,y,w,h,mark[,class,...]. The mark of a truth is 0 where the box does not
count; a track's is its confidence.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from ..errors import InputFileError
from ..shown_text import shown
from ..untrusted_files import read_lines

#: Columns of a table: frame (1 = first), id, x, y, w, h (px), mark, class.
COLUMNS = 8
_NO_TRACKS = "not a text file of tracks: one line a box, frame,id,x,y,w,h,mark"
FRAME, ID, MARK, CLASS = 0, 1, 6, 7


def read_table(path: Path, columns: int = COLUMNS) -> np.ndarray:
    """The lines of a file: (R, columns) float64. A missing mark is 1, what is missing after it -1.

    columns: COLUMNS or more; MOT16 and later have a visibility in the next one.

    Raises InputFileError where a line is malformed, or names an id twice in one frame.
    """
    rows = array("d")  # a list of lists would take ten times the memory
    for number, line in enumerate(read_lines(path, _NO_TRACKS), start=1):
        if line.strip():
            rows.extend(_parse(line, f"{path}, line {number}", columns))
    table = np.array(rows, np.float64).reshape(-1, columns)
    keys, counts = np.unique(table[:, [FRAME, ID]], axis=0, return_counts=True)
    if (counts > 1).any():
        frame, track = keys[counts.argmax()]
        raise InputFileError(
            f"{path} names id {track:.0f} twice in frame {frame:.0f}: a file of tracks has one box "
            "an id and frame (a file of detections has no ids)"
        )
    return table


def box_rows(frames: np.ndarray | int, ids: np.ndarray, boxes_px: np.ndarray) -> np.ndarray:
    """Rows (K, 6) float64 frame, id, x, y, w, h of boxes (K, 4) x_min, y_min, x_max, y_max, px."""
    boxes = boxes_px.astype(np.float64)
    return np.column_stack(
        (np.broadcast_to(frames, len(ids)), ids, boxes[:, :2], boxes[:, 2:] - boxes[:, :2])
    )


def _parse(line: str, where: str, columns: int) -> list[float]:
    try:
        values = [float(word) for word in line.split(",")[:columns]]
    except ValueError:
        values = []
    if len(values) < 6 or not np.isfinite(values).all():
        text = shown(line.strip(), 60)
        raise InputFileError(f"{where}: '{text}' is not frame,id,x,y,w,h[,mark,...]")
    frame, track = values[:2]
    if not frame.is_integer() or not 1 <= frame <= 10_000_000:
        raise InputFileError(f"{where}: frame {frame:g} is not a whole number from 1")
    if not track.is_integer() or track < 0:
        raise InputFileError(
            f"{where}: id {track:g} is not a whole number from 0: give tracks, not detections"
        )
    return values + [1.0, *[-1.0] * (columns - 7)][len(values) - 6 :]

"""Boxes and tracks in MOT Challenge's text format.

One line a box: frame,id,x,y,w,h,score,... with frame 1 the first, x, y the upper left corner, and
x, y, w, h in pixels.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Camera, Detections, Frame, People, TrackState
from ...untrusted_files import read_lines
from .whole_lines import LineFile

#: m, standard deviation across the viewing ray up to which a predicted place is worth a box: about
#: a person's width, beyond which the box would not overlap with the person.
PLACE_SIGMA = 0.4
_NO_BOXES = "not a text file of boxes: one line a box, frame,id,x,y,w,h,score"


@dataclass(frozen=True)
class MotBoxes:
    """The boxes of a file, by frame."""

    frames: dict[int, Detections]  #: frame (1 = first) -> its boxes in the file's order
    count: int  #: boxes that can be used
    skipped: int  #: boxes left out: not finite, or at most one pixel wide or high

    def __getitem__(self, frame: int) -> Detections:
        """Boxes of a frame, 1 = first; none is an empty result."""
        return self.frames.get(frame) or Detections.empty()


def read_mot(path: Path) -> MotBoxes:
    """Read boxes. A missing score, or -1, is 1; scores are cut to 0..1; ids are not used.

    Raises InputFileError with the line number where a line is malformed.
    """
    rows, skipped = array("d"), 0  # a list of tuples would take ten times the memory
    for number, line in enumerate(read_lines(path, _NO_BOXES), start=1):
        if not line.strip():
            continue
        row = _parse(line, number, path)
        if all(map(math.isfinite, row[1:])) and min(row[3:5]) > 1:
            rows.extend(row)
        else:
            skipped += 1
    if not rows and not skipped:
        raise InputFileError(f"{path} holds no boxes: one line a box, frame,id,x,y,w,h,score")
    table = np.array(rows, np.float64).reshape(-1, 6)
    table = table[np.argsort(table[:, 0], kind="stable")]
    boxes = table[:, 1:5].astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    scores = np.where(table[:, 5] == -1, 1, np.clip(table[:, 5], 0, 1)).astype(np.float32)
    numbers, starts = np.unique(table[:, 0].astype(np.int64), return_index=True)
    stops = np.append(starts, len(table))[1:]
    frames = {
        int(n): Detections(boxes[a:b], scores[a:b])
        for n, a, b in zip(numbers, starts, stops, strict=True)
    }
    return MotBoxes(frames, len(table), skipped)


def _parse(line: str, number: int, path: Path) -> tuple[float, ...]:
    """frame, x, y, w, h, score."""
    words = line.split(",")
    try:
        frame = float(words[0])
        x, y, w, h = (float(word) for word in words[2:6])
        score = float(words[6]) if len(words) > 6 else 1.0
    except (ValueError, IndexError):
        raise InputFileError(
            f"{path}, line {number}: '{shown(line.strip(), 60)}' is not "
            "frame,id,x,y,w,h[,score,...]"
        ) from None
    if not frame.is_integer() or not 1 <= frame < 2**53:
        raise InputFileError(
            f"{path}, line {number}: frame '{shown(words[0].strip(), 60)}' is not a whole number "
            "from 1"
        )
    return frame, x, y, w, h, score


def mot_line(frame: int, track: int, box: Sequence[float], score: float) -> str:
    """One row; box: x, y, width, height in pixels."""
    x, y, w, h = box
    return f"{frame},{track},{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.4f},-1,-1,-1\n"


class MotWriter:
    """Writes what was published of each frame, when it was; use with `with`."""

    def __init__(self, path: Path, with_predicted: bool = False):
        """with_predicted: also the OCCLUDED people whose place is known to PLACE_SIGMA, inside the
        image; otherwise the CONFIRMED ones alone, who are seen in it."""
        self._file, self._with_predicted = LineFile(path), with_predicted

    def write(self, frame: Frame, people: People) -> None:
        """People of a frame, which knows its number."""
        wanted = people.states == TrackState.CONFIRMED
        if self._with_predicted:
            wanted |= is_placed(people, frame.camera)
        people = people.select(wanted)
        boxes = people.bodies.boxes_px.astype(np.float64)
        rows = zip(
            people.track_ids.tolist(),
            np.column_stack((boxes[:, :2], boxes[:, 2:] - boxes[:, :2])).tolist(),
            people.confidence.tolist(),
            strict=True,
        )
        self._file.write("".join(mot_line(frame.number, *row) for row in rows))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> MotWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def is_placed(people: People, camera: Camera) -> np.ndarray:
    """(N,) bool: who is OCCLUDED, inside the image, and known across the ray to PLACE_SIGMA."""
    boxes = people.bodies.boxes_px
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((center >= 0) & (center < (camera.width, camera.height))).all(1)
    ray = people.bodies.pelvis_cam / np.linalg.norm(people.bodies.pelvis_cam, axis=1)[:, None]
    covariance = people.position_covariance_cam
    along = np.einsum("ni,nij,nj->n", ray, covariance, ray)
    across = (np.trace(covariance, axis1=1, axis2=2) - along) / 2
    return (people.states == TrackState.OCCLUDED) & inside & (across <= PLACE_SIGMA**2)

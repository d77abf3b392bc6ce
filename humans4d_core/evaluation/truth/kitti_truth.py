"""KITTI's tracking labels: boxes in the image, and in metres relative to the first camera.

One line an object: frame (0 = first), id, type, truncated, occluded, alpha, four numbers of the box
in pixels, height, width and length, x, y, z of the middle of the object's lower face, rotation_y
(Geiger et al., "Are we ready for Autonomous Driving?", 2012; the development kit's readme).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Camera
from ...untrusted_files import read_lines
from ..results.image_table import ImageRows
from .truth import Truth, TruthRows

PEOPLE = ("Pedestrian", "Person", "Person_sitting", "Cyclist")
#: Of these it is known who is a pedestrian; the others may be taken for one, or not.
COUNTED = "Pedestrian"
IGNORED = "DontCare"
#: Share of a person that is hidden, by KITTI's levels: 0 visible, 1 partly, 2 largely; 3 unknown.
HIDDEN = (0.0, 0.35, 0.75, np.nan)
_NO_LABELS = "no text file of KITTI's tracking labels"


def read_kitti_truth(path: Path, images: ImageRows, calibration: Path | None) -> Truth:
    """calibration: KITTI's calib file; it tells how far the left colour camera is from the first.

    Raises InputFileError where a file is malformed.
    """
    table, counts = _labels(path)
    offset, notes = np.zeros(3), []
    if calibration is not None:
        offset = kitti_camera(calibration, 1, 1)[1]
    else:
        notes.append(
            f"no calib file beside {shown(path.name)}: its places are taken as the camera's own"
        )
    frame = table[:, 0] + 1
    known = np.isin(frame, images.frame)
    places = np.where(table[:, 9:10] <= -1000, np.nan, table[:, 7:10]) + offset
    occlusion = np.where((table[:, 2] >= 0) & (table[:, 2] <= 2), table[:, 2], 3).astype(int)
    rows = TruthRows.of(
        frame, table[:, 1], counts=counts, box=table[:, 3:7], place_cam=places,
        hidden=np.array(HIDDEN)[occlusion],
    )  # fmt: skip
    return Truth(
        rows.select(known), images.frame.astype(np.int64), 
        np.array((0.0, -1.0, 0.0)), int((~known).sum()), tuple(notes),
    )  # fmt: skip


def kitti_camera(path: Path, width: int, height: int) -> tuple[Camera, np.ndarray]:
    """The left colour camera of a calib file, and (3,) m that are added to labels to be in it."""
    for line in read_lines(path, "no calib file of KITTI"):
        words = line.replace(":", " ").split()
        if words[:1] == ["P2"] and len(words) == 13:
            try:
                matrix = np.array([float(word) for word in words[1:]]).reshape(3, 4)
                offset = np.linalg.solve(matrix[:, :3], matrix[:, 3])
            except (ValueError, np.linalg.LinAlgError):
                break
            camera = Camera(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], width, height)
            return camera, offset
    raise InputFileError(
        f"{shown(path)} is no calib file of KITTI: it has no line P2 of 12 numbers"
    )


def _labels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(R, 10) frame, id, occluded, box, place; and (R,) bool who counts."""
    rows: list[list[float]] = []
    counts: list[bool] = []
    for number, line in enumerate(read_lines(path, _NO_LABELS), start=1):
        words = line.split()
        if not words:
            continue
        try:
            kind = words[2]
            numbers = [float(word) for word in (*words[:2], words[4], *words[6:10], *words[13:16])]
            if len(numbers) != 10 or not np.isfinite(numbers).all():
                raise ValueError
        except (ValueError, IndexError):
            raise InputFileError(
                f"{shown(path)}, line {number}: '{shown(line, 60)}' is none of KITTI's tracking "
                "labels: frame id type truncated occluded alpha box(4) size(3) place(3) rotation"
            ) from None
        if kind in PEOPLE or kind == IGNORED:
            # Regions of which nothing is known have no id of their own.
            numbers[1] = numbers[1] if kind != IGNORED else -1 - len(rows)
            rows.append(numbers)
            counts.append(kind == COUNTED)
    return np.array(rows, np.float64).reshape(-1, 10), np.array(counts, bool)

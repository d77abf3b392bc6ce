"""Sequences of boxes in MOT Challenge's layout, without images."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...io.camera_choice import ASSUMED_FOV_DEGREES
from ...io.results.mot_files import MotBoxes, read_mot
from ...shown_text import shown
from ...types import Camera
from ...untrusted_files import read_lines
from ..mot_tables import FRAME, MARK, read_table

ASSUMED_RATE = 25.0


@dataclass(frozen=True)
class BoxSequence:
    """One sequence: what a detector said, and what is true."""

    name: str
    detections: MotBoxes
    truth: np.ndarray  #: (R, 8), see mot_tables
    num_frames: int
    rate: float  #: frames a second
    camera: Camera
    notes: tuple[str, ...]  #: what was guessed, for the user

    def stamp_ns(self, frame: int) -> int:
        """Of a frame, 1 = first."""
        return round(frame * 1e9 / self.rate)


def read_sequence(folder: Path, rate: float | None, focal_px: float | None) -> BoxSequence:
    """A folder with gt.txt and det.txt, or gt/gt.txt and det/det.txt; seqinfo.ini may be there.

    rate, focal_px: of the user; None takes seqinfo.ini's, and guesses where it has none. Raises
    InputFileError where a file is missing or malformed.
    """
    truth = read_table(_file_of(folder, "gt"))
    detections = read_mot(_file_of(folder, "det"))
    info, notes = sequence_info(folder / "seqinfo.ini"), []
    last = max([*detections.frames, int(truth[:, FRAME].max(initial=1))])
    num_frames = max(int(info.get("seqLength", last)), last)
    if rate is None and "frameRate" not in info:
        notes.append(f"frame rate guessed: {ASSUMED_RATE:g}/s (--fps)")
    rate = rate or info.get("frameRate", ASSUMED_RATE)
    width, height = (int(info.get(name, 0)) for name in ("imWidth", "imHeight"))
    if not width or not height:
        width, height = (_extent(truth, detections, axis) for axis in (0, 1))
        notes.append(f"image size guessed: {width}x{height}")
    focal_px = focal_px or info.get("focalLength")
    if focal_px is None:
        camera = Camera.from_fov(width, height, np.radians(ASSUMED_FOV_DEGREES))
        notes.append(f"focal length guessed: {camera.fx:.0f} px (--focal)")
    else:
        camera = Camera(focal_px, focal_px, width / 2, height / 2, width, height)
    return BoxSequence(
        folder.resolve().name, detections, truth, num_frames, rate, camera, tuple(notes)
    )


def thinned(sequence: BoxSequence, step: int) -> BoxSequence:
    """Every `step`-th frame of a sequence, from its first on: a slower camera."""
    frames = {
        (frame - 1) // step + 1: boxes
        for frame, boxes in sequence.detections.frames.items()
        if (frame - 1) % step == 0
    }
    truth = sequence.truth[(sequence.truth[:, FRAME] - 1) % step == 0].copy()
    truth[:, FRAME] = (truth[:, FRAME] - 1) // step + 1
    kept = MotBoxes(frames, sum(map(len, frames.values())), sequence.detections.skipped)
    return BoxSequence(
        f"{sequence.name}/{step}", kept, truth, (sequence.num_frames - 1) // step + 1,
        sequence.rate / step, sequence.camera, sequence.notes,
    )  # fmt: skip


def find_file(folder: Path, kind: str) -> Path | None:
    """gt.txt or det.txt (kind: gt or det) of a sequence, where it has one."""
    places = (folder / f"{kind}.txt", folder / kind / f"{kind}.txt")
    return next((path for path in places if path.is_file()), None)


def no_image(camera: Camera) -> np.ndarray:
    """(H, W, 3) uint8, black: one pixel, repeated, as nothing looks at it."""
    return np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (camera.height, camera.width, 3))


def _file_of(folder: Path, kind: str) -> Path:
    if (path := find_file(folder, kind)) is None:
        raise InputFileError(f"{folder} has neither {kind}.txt nor {kind}/{kind}.txt")
    return path


def sequence_info(path: Path) -> dict[str, float]:
    """The numbers of a seqinfo.ini; empty without one. Raises InputFileError for what is none."""
    if not path.exists():
        return {}
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string("\n".join(read_lines(path, f"no seqinfo.ini: {path}")))
        section = parser["Sequence"]
    except (configparser.Error, KeyError):
        raise InputFileError(f"{path} is no seqinfo.ini: it has no section [Sequence]") from None
    numbers = {}
    for name in ("frameRate", "seqLength", "imWidth", "imHeight", "focalLength"):
        if name in section:
            try:
                numbers[name] = float(section[name])
            except ValueError:
                numbers[name] = 0.0
            if not 0 < numbers[name] < 1e7:
                raise InputFileError(f"{path}: {name} is '{shown(section[name], 30)}'")
    return numbers


def _extent(truth: np.ndarray, detections: MotBoxes, axis: int) -> int:
    counted = truth[truth[:, MARK] != 0]
    ends = [float((counted[:, 2 + axis] + counted[:, 4 + axis]).max(initial=1))]
    ends += [float(boxes.boxes_px[:, 2 + axis].max(initial=1)) for boxes in
             detections.frames.values()]  # fmt: skip
    return max(2, round(max(ends)))

"""One door for every truth: which format a file has, and who reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...io.bags.bag_messages import is_bag
from ...shown_text import shown
from ...types import Pose
from ...untrusted_files import read_lines, read_regular
from ..results.image_table import ImageRows
from .emdb_truth import read_emdb_truth
from .jrdb_truth import read_jrdb_truth
from .kitti_truth import read_kitti_truth
from .mot_truth import read_mot_truth
from .people_topic_truth import has_people, read_people_topic
from .pictures_truth import pictures_format, read_pictures_truth
from .placed_people import placed_people
from .pose2sim_truth import read_pose2sim_truth
from .run_truth import read_run_truth
from .threedpw_truth import read_threedpw_truth
from .topic_truth import read_topic
from .trajectory_truth import read_trajectory
from .truth import Truth
from .truth_options import TruthOptions


def read_truth(path: Path, images: ImageRows, options: TruthOptions) -> Truth:
    """What is true of the clip with these images.

    Raises InputFileError where the file cannot be read, or what it means has to be said.
    """
    place, _, part = str(path).partition("#")
    format = options.format or truth_format(Path(place))
    if format not in FORMATS:
        raise InputFileError(f"truth format '{shown(format)}' is not one of {', '.join(FORMATS)}")
    return _READERS[format](Path(place), part, images, options)


def truth_format(path: Path) -> str:
    """Which of FORMATS a file or folder has. Raises InputFileError where nobody knows."""
    if is_bag(path):
        return "topic"
    if path.is_dir():
        if (path / "tracks.parquet").is_file() or (path / "people.jsonl").is_file():
            return "run"
        raise InputFileError(f"{shown(path)} is a folder without tracks.parquet or people.jsonl")
    if path.suffix == ".pkl":
        return "emdb" if path.stem.endswith("_data") else "3dpw"
    if path.suffix == ".npz":
        format = pictures_format(path)
        if not format:
            raise InputFileError(
                f"{shown(path)} has 17 joints, whose order has to be said: --truth-format h36m or "
                "3dhp"
            )
        return "pose2sim" if format == "none" else format
    if path.suffix == ".json":
        return "jrdb"
    for line in read_lines(path, "no truth that is known"):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        if "," in line and len(words) >= 6:
            return "mot"
        if len(words) >= 17 and not _is_number(words[2]):
            return "kitti"
        if len(words) in (4, 8):
            return "tum"
        break
    raise InputFileError(
        f"{shown(path)} is no truth whose format can be told: --truth-format names it "
        f"({', '.join(FORMATS)})"
    )


def _mot(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_mot_truth(path, images, _ground_of(path))


def _kitti(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    calibration = path.parent.parent / "calib" / path.name
    return read_kitti_truth(path, images, calibration if calibration.is_file() else None)


def _jrdb(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_jrdb_truth(path, images, options.camera_in_truth)


def _run(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_run_truth(path, images, round(options.tolerance * 1e9))


def _pose2sim(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_pose2sim_truth(path, part, images)


def _h36m(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_pictures_truth(path, images, "h36m")


def _3dhp(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_pictures_truth(path, images, "3dhp")


def _threedpw(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_threedpw_truth(path, images)


def _emdb(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return read_emdb_truth(path, images, options.bodies)


def _tum(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    return placed_people({1: read_trajectory(path)}, images, options, path)


def _topic(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    if not part:
        raise InputFileError(f"{shown(path)}: name the topic with BAG#/topic or BAG#tf:FRAME")
    if has_people(path, part):
        return read_people_topic(path, part, images, options)
    target = "" if options.camera_in_truth or options.frame == "camera" else options.fixed_frame
    if target:
        options = replace(options, frame="fixed")
    ways, left_out = read_topic(path, part, target)
    truth = placed_people(ways, images, options, f"{path}#{part}")
    if left_out:
        truth = truth.with_notes(f"{left_out} places of {shown(part)} have no transform")
    return truth


#: Format -> who reads it.
_READERS: dict[str, Callable[[Path, str, ImageRows, TruthOptions], Truth]] = {
    "mot": _mot, "kitti": _kitti, "jrdb": _jrdb, "run": _run, "pose2sim": _pose2sim,
    "h36m": _h36m, "3dhp": _3dhp, "3dpw": _threedpw, "emdb": _emdb, "tum": _tum, "topic": _topic,
}  # fmt: skip
FORMATS = tuple(_READERS)


def _ground_of(path: Path) -> Pose | None:
    """Of a camera.json beside a truth or above it: R_world_to_cam, t_world_to_cam_m, z up."""
    for folder in (path.parent, path.parent.parent):
        file = folder / "camera.json"
        if not file.is_file():
            continue
        try:
            content = json.loads(read_regular(file, 1 << 20))
            rotation = np.array(content["R_world_to_cam"], np.float64).reshape(3, 3)
            translation = np.array(content["t_world_to_cam_m"], np.float64).reshape(3)
        except (ValueError, KeyError, TypeError):
            raise InputFileError(
                f"{shown(file)} has no R_world_to_cam (3x3) and t_world_to_cam_m (3)"
            ) from None
        return Pose(rotation, translation).inverse()
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True

"""One door for every truth: which format a file has, and who reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Pose
from ...untrusted_files import read_lines, read_regular
from ..results.image_table import ImageRows
from .jrdb_truth import read_jrdb_truth
from .kitti_truth import read_kitti_truth
from .mot_truth import read_mot_truth
from .pose2sim_truth import read_pose2sim_truth
from .run_truth import read_run_truth
from .times import at_images
from .trajectory_truth import read_trajectory
from .truth import Place, Truth, TruthRows

#: s that a truth with its own stamps may be away from an image.
TOLERANCE = 0.05


@dataclass(frozen=True)
class TruthOptions:
    """What the user says about a truth; None: it is found out, or the file says it."""

    format: str | None = None  #: one of FORMATS
    tolerance: float = TOLERANCE  #: s
    #: What places with stamps are relative to: "camera", "fixed" (the frame that the clip's camera
    #: poses are in), or camera_in_truth tells.
    frame: str | None = None
    camera_in_truth: Pose | None = None  #: of a camera that stands in the truth's frame

    @classmethod
    def from_text(
        cls,
        format: str | None,
        tolerance: float | None,
        frame: str | None,
        camera_in_truth: str | None,
    ) -> TruthOptions:
        """From the command line. Raises InputFileError for what cannot be."""
        if format is not None and format not in FORMATS:
            raise InputFileError(
                f"truth format '{shown(format)}' is not one of {', '.join(FORMATS)}"
            )
        if tolerance is not None and not 0 <= tolerance < 3600:
            raise InputFileError(f"tolerance {tolerance:g} is not between 0 and 3600 s")
        if frame not in (None, "camera", "fixed"):
            raise InputFileError(f"truth frame '{shown(frame)}' is neither camera nor fixed")
        pose = None if camera_in_truth is None else _pose(camera_in_truth)
        return cls(format, TOLERANCE if tolerance is None else tolerance, frame, pose)


def read_truth(path: Path, images: ImageRows, options: TruthOptions) -> Truth:
    """What is true of the clip with these images.

    Raises InputFileError where the file cannot be read, or what it means has to be said.
    """
    place, _, part = str(path).partition("#")
    format = options.format or truth_format(Path(place))
    return _READERS[format](Path(place), part, images, options)


def truth_format(path: Path) -> str:
    """Which of FORMATS a file or folder has. Raises InputFileError where nobody knows."""
    if path.is_dir():
        if (path / "tracks.parquet").is_file() or (path / "people.jsonl").is_file():
            return "run"
        raise InputFileError(f"{shown(path)} is a folder without tracks.parquet or people.jsonl")
    if path.suffix == ".npz":
        return "pose2sim"
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


def _tum(path: Path, part: str, images: ImageRows, options: TruthOptions) -> Truth:
    stamps, places = read_trajectory(path)
    return placed_person(stamps, places, images, options, path)


def placed_person(
    stamps_ns: np.ndarray,
    places: np.ndarray,
    images: ImageRows,
    options: TruthOptions,
    source: Path | str,
) -> Truth:
    """One person's places (K, 3) m at growing stamps, as a truth of the images between them."""
    there = at_images(stamps_ns, places, images.stamp_ns, round(options.tolerance * 1e9))
    up = None
    if options.camera_in_truth is not None:
        there = options.camera_in_truth.inverse().apply(there)
        up = options.camera_in_truth.rotation[2]
    elif options.frame == "fixed":
        pose = images.fixed_from_camera
        if not np.isfinite(pose).any():
            raise InputFileError(
                f"{shown(source)}: the clip's camera has no pose in a fixed frame: name it with "
                "--fixed-frame, or give --camera-in-truth"
            )
        there = np.einsum("fji,fj->fi", pose[:, :, :3], there - pose[:, :, 3])
    elif options.frame != "camera":
        raise InputFileError(
            f"{shown(source)} does not say what its places are relative to: give --truth-frame "
            "camera, --truth-frame fixed, or --camera-in-truth x,y,z,qx,qy,qz,qw"
        )
    known = np.isfinite(there).all(1)
    rows = TruthRows.of(images.frame[known], np.ones(int(known.sum())), place_cam=there[known])
    nearest = np.zeros(len(stamps_ns), bool)
    if len(images):
        nearest = (stamps_ns < images.stamp_ns.min()) | (stamps_ns > images.stamp_ns.max())
    return Truth(rows, rows.frame, Place.GROUND, up, int(nearest.sum()))


#: Format -> who reads it.
_READERS: dict[str, Callable[[Path, str, ImageRows, TruthOptions], Truth]] = {
    "mot": _mot, "kitti": _kitti, "jrdb": _jrdb, "run": _run, "pose2sim": _pose2sim, "tum": _tum,
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


def _pose(text: str) -> Pose:
    try:
        numbers = np.array([float(word) for word in text.split(",")])
        translation, quaternion = numbers[:3], numbers[3:]
        if len(numbers) != 7 or not np.isfinite(numbers).all():
            raise ValueError
        return Pose(Rotation.from_quat(quaternion).as_matrix(), translation)
    except ValueError:
        raise InputFileError(
            f"'{shown(text, 80)}' is no pose: give x,y,z,qx,qy,qz,qw in metres"
        ) from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True

"""3D joints of single pictures: npz as SPIN and 4D-Humans keep Human3.6M's, and MPI-INF-3DHP's.

Arrays of N people: imgname (N,), the picture's path, of which the file's name counts; S (N, 24, 4),
or extra_keypoints_3d (N, 19, 4), or S (N, 17, 4): joints in m in the camera's axes and whether they
are known; part or extra_keypoints_2d (N, K, 3) px. Of 17 joints the order is the data's own, as
mmpose has it. Or one person of one picture that is called like the file: joints_cam_m (17, 3),
joints_px (17, 2). (Kolotouros et al., "Learning to Reconstruct 3D Human Pose and Shape via
Model-fitting in the Loop", 2019; Ionescu et al., "Human3.6M", 2014; Mehta et al., "Monocular 3D
Human Pose Estimation In The Wild", 2017.)

Of the joints, twelve are compared: shoulders, elbows, wrists, hips, knees and ankles. They are
where the data has them; SMPL's centres of hips and shoulders lie some centimetres beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import JOINT_NAMES
from ...untrusted_files import read_npz
from ..results.image_table import ImageRows
from .truth import HIPS, Truth, TruthRows, boxes_of_joints

_LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
#: Places of right and left _LIMBS in each order.
_SPIN = {"right": (2, 1, 0, 8, 7, 6), "left": (3, 4, 5, 9, 10, 11)}
_H36M_17 = {"right": (1, 2, 3, 14, 15, 16), "left": (4, 5, 6, 11, 12, 13)}
_3DHP_17 = {"right": (8, 9, 10, 2, 3, 4), "left": (11, 12, 13, 5, 6, 7)}
ORDERS = {"h36m": _H36M_17, "3dhp": _3DHP_17}
_NAMES = (
    "imgname", "S", "part", "extra_keypoints_3d", "extra_keypoints_2d", "joints_cam_m",
    "joints_px",
)  # fmt: skip
#: m; people are smaller, and numbers beyond are in other units.
_LARGEST = 4.0
#: m; joints nearer than that are relative to their root.
_NEAREST = 0.3


def pictures_format(path: Path) -> str:
    """Which of ORDERS an npz has, "" where that has to be said, "none" where it has no pictures."""
    arrays = read_npz(path, ("imgname", "S", "extra_keypoints_3d", "joints_cam_m"))
    if "joints_cam_m" in arrays:
        return "3dhp"
    if "imgname" not in arrays:
        return "none"
    many = "extra_keypoints_3d" in arrays or arrays.get("S", np.zeros((0, 24))).shape[1:2] == (24,)
    return "h36m" if many else ""


def read_pictures_truth(path: Path, images: ImageRows, format: str) -> Truth:
    """People of the pictures that are in `images`. Raises InputFileError where it is none."""
    arrays = read_npz(path, _NAMES)
    names, joints, pixels = _one(arrays, path) if "joints_cam_m" in arrays else _many(arrays, path)
    order = ORDERS[format] if joints.shape[1] == 17 else _SPIN
    smpl, flat = _of_smpl(joints, order), _of_smpl(pixels, order)
    extent = np.nanmax(smpl, axis=1, initial=-np.inf) - np.nanmin(smpl, axis=1, initial=np.inf)
    if len(extent) and np.nanmedian(extent.max(1)) > _LARGEST:
        raise InputFileError(
            f"{shown(path)}: people are {np.nanmedian(extent.max(1)):.0f} m large: its joints have "
            "to be in metres"
        )
    hips = smpl[:, HIPS].mean(1)
    hips[~(hips[:, 2] > _NEAREST)] = np.nan
    if not np.isfinite(flat).any() and not np.isfinite(hips).any():
        raise InputFileError(
            f"{shown(path)} does not tell who is who: it has no 2D joints, and its 3D joints are "
            "not in the camera's axes"
        )
    sources = [PurePosixPath(str(name)).stem for name in images.source]
    number = dict(zip(sources, images.frame.tolist(), strict=True))
    frame = np.array([number.get(name, 0) for name in names], np.int64)
    rows = TruthRows.of(
        frame, np.arange(1, len(names) + 1), box=boxes_of_joints(flat), place_cam=hips,
        joints_cam=smpl.astype(np.float32),
    )  # fmt: skip
    there = frame > 0
    return Truth(rows.select(there), np.unique(frame[there]), None, int((~there).sum()))


def _one(arrays: dict, path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of one person's image without a suffix (1,), joints (1, K, 3) m, pixels (1, K, 2)."""
    joints, pixels = arrays["joints_cam_m"], arrays.get("joints_px", np.full((17, 2), np.nan))
    if joints.shape != (17, 3) or pixels.shape != (17, 2):
        raise InputFileError(
            f"{shown(path)}: joints_cam_m is {joints.shape} and joints_px {pixels.shape}: expected "
            "(17, 3) and (17, 2)"
        )
    return [path.stem], joints[None].astype(np.float64), pixels[None].astype(np.float64)


def _many(arrays: dict, path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The same of everybody."""
    kind = "extra_keypoints" if "extra_keypoints_3d" in arrays else "S"
    joints = arrays.get("extra_keypoints_3d", arrays.get("S"))
    if "imgname" not in arrays or joints is None:
        raise InputFileError(f"{shown(path)} has no imgname, or neither S nor extra_keypoints_3d")
    names = [PurePosixPath(str(name)).stem for name in np.asarray(arrays["imgname"]).reshape(-1)]
    if joints.shape not in [(len(names), count, 4) for count in (17, 19, 24)]:
        raise InputFileError(
            f"{shown(path)}: {kind} is {joints.shape}: expected ({len(names)}, 17, 19 or 24, 4)"
        )
    pixels = arrays.get("extra_keypoints_2d" if kind == "extra_keypoints" else "part")
    if pixels is None:
        pixels = np.zeros((*joints.shape[:2], 3))
    if pixels.shape != (*joints.shape[:2], 3):
        raise InputFileError(
            f"{shown(path)}: the 2D joints are {pixels.shape}, the 3D ones {joints.shape}"
        )
    known = [np.where(each[..., -1:] > 0, each[..., :-1], np.nan) for each in (joints, pixels)]
    return names, known[0].astype(np.float64), known[1].astype(np.float64)


def _of_smpl(joints: np.ndarray, order: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """(N, 24, D) of SMPL's joints; NaN: the data has none."""
    result = np.full((len(joints), 24, joints.shape[2]), np.nan)
    for side, places in order.items():
        to = [JOINT_NAMES.index(f"{side}_{limb}") for limb in _LIMBS]
        result[:, to] = joints[:, list(places)]
    return result

"""Triangulated joints of one man in several calibrated views: an npz as Pose2Sim's data is kept.

Arrays: joint_names (K,), fps, and for each camera NAME: NAME_xyz_cam_m (F, K, 3), NAME_uv_px
(F, K, 2), NAME_K (3, 3), NAME_R (3, 3), from the world, whose z is up, to the camera.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import JOINT_NAMES
from ...untrusted_files import read_npz
from ..results.image_table import ImageRows
from .truth import HIPS, Truth, TruthRows, boxes_of_joints

#: SMPL's joint -> the truth's. Hips are where OpenPose's network marks them, not SMPL's centres.
JOINTS = {
    f"{side}_{smpl}": f"{side[0].upper()}{name}"
    for side in ("left", "right")
    for smpl, name in (
        ("shoulder", "Shoulder"), ("elbow", "Elbow"), ("wrist", "Wrist"), ("hip", "Hip"),
        ("knee", "Knee"), ("ankle", "Ankle"),
    )
}  # fmt: skip


def read_pose2sim_truth(path: Path, camera: str, images: ImageRows) -> Truth:
    """The man as `camera` sees him: row 0 is the first image."""
    names = ("joint_names", *(f"{camera}_{what}" for what in ("xyz_cam_m", "uv_px", "R")))
    arrays = read_npz(path, names)
    if missing := [name for name in names if name not in arrays]:
        raise InputFileError(
            f"{shown(path)} has no array {shown(', '.join(missing))}: name the camera with "
            "FILE.npz#CAMERA, such as #cam01"
        )
    known = [str(name) for name in arrays["joint_names"].tolist()]
    metres, pixels = arrays[f"{camera}_xyz_cam_m"], arrays[f"{camera}_uv_px"]
    if metres.shape != (len(metres), len(known), 3) or pixels.shape != (*metres.shape[:2], 2):
        raise InputFileError(
            f"{shown(path)}: {camera}_xyz_cam_m is {metres.shape} and {camera}_uv_px "
            f"{pixels.shape}: expected (images, {len(known)}, 3) and (images, {len(known)}, 2)"
        )
    joints = np.full((len(metres), 24, 3), np.nan, np.float32)
    for smpl, name in JOINTS.items():
        if name in known:
            joints[:, JOINT_NAMES.index(smpl)] = metres[:, known.index(name)]
    hips = joints[:, HIPS].mean(1)
    frame = np.arange(1, len(metres) + 1)
    there = np.isin(frame, images.frame) & np.isfinite(hips).all(1)
    rows = TruthRows.of(
        frame, np.ones(len(frame)), box=boxes_of_joints(pixels),
        place_cam=hips.astype(np.float64), joints_cam=joints,
    )  # fmt: skip
    up = np.asarray(arrays[f"{camera}_R"], np.float64)[:, 2]
    return Truth(rows.select(there), frame[there], up, int((~there).sum()))

"""3DPW's sequenceFiles: SMPL's joints of each person in the world, and how the camera went.

A pickle a sequence, read as data: jointPositions, a list of (T, 72) m in the world, one a person;
cam_poses (T, 4, 4) from the world to the camera; cam_intrinsics (3, 3); campose_valid, a list of
(T,) (von Marcard et al., "Recovering Accurate 3D Human Pose in The Wild Using IMUs and a Moving
Camera", 2018; fields as in the data's readme). Image k is image_0000k.jpg, from 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files.pickles.pickles import read_pickle
from ..results.image_table import ImageRows
from .truth import HIPS, Truth, TruthRows, boxes_of_joints


def read_threedpw_truth(path: Path, images: ImageRows) -> Truth:
    """Everybody of a sequence. Raises InputFileError where a field is missing or has another shape,
    ModelFileError where the file is no pickle of data."""
    content = read_pickle(path)
    try:
        people = [np.asarray(p, np.float64) for p in content["jointPositions"]]
        poses = np.asarray(content["cam_poses"], np.float64)
        intrinsics = np.asarray(content["cam_intrinsics"], np.float64)
        valid = [np.asarray(v).astype(bool) for v in content["campose_valid"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputFileError(
            f"{shown(path)} is none of 3DPW's sequenceFiles: {shown(repr(error), 80)}; it has "
            "jointPositions, cam_poses, cam_intrinsics and campose_valid"
        ) from None
    count = len(poses)
    shapes = [poses.shape == (count, 4, 4), intrinsics.shape == (3, 3), len(valid) == len(people)]
    shapes += [p.shape == (count, 72) for p in people] + [v.shape == (count,) for v in valid]
    if not all(shapes):
        raise InputFileError(
            f"{shown(path)}: cam_poses is {poses.shape}, cam_intrinsics {intrinsics.shape}, "
            f"jointPositions {[p.shape for p in people]}: expected (T, 4, 4), (3, 3) and (T, 72) a "
            "person"
        )
    parts = []
    for person, (world, sound) in enumerate(zip(people, valid, strict=True), start=1):
        joints = np.einsum("tij,tkj->tki", poses[:, :3, :3], world.reshape(count, 24, 3))
        joints = joints + poses[:, None, :3, 3]
        pixels = joints @ intrinsics.T
        depth = np.where(pixels[..., 2:] > 1e-3, pixels[..., 2:], np.nan)
        parts.append(TruthRows.of(
            np.arange(1, count + 1), np.full(count, person), counts=sound,
            box=boxes_of_joints(pixels[..., :2] / depth), place_cam=joints[:, HIPS].mean(1),
            joints_cam=joints.astype(np.float32),
        ))  # fmt: skip
    rows = TruthRows.join(parts)
    known = np.isin(rows.frame, images.frame)
    frames = np.intersect1d(images.frame, np.arange(1, count + 1)).astype(np.int64)
    return Truth(rows.select(known), frames, None, int((~known).sum()))

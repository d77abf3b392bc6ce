"""3DPW's sequenceFiles: SMPL's joints of each person in the world, and how the camera went.

A pickle a sequence, read as data: jointPositions, a list of (T, 72) m in the world, one a person;
poses (T, 72) axis-angles, betas and genders ("m", "f"), a list each;
cam_poses (T, 4, 4) from the world to the camera; cam_intrinsics (3, 3); campose_valid, a list of
(T,) (von Marcard et al., "Recovering Accurate 3D Human Pose in The Wild Using IMUs and a Moving
Camera", 2018; fields as in the data's readme). Image k is image_0000k.jpg, from 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...geometry.numpy_rotations import exponential
from ...shown_text import shown
from ...untrusted_files.pickles.pickles import read_pickle
from ..results.image_table import ImageRows
from .smpl_bodies import in_camera
from .truth import GENDERS, HIPS, Truth, TruthRows, boxes_of_joints


def read_threedpw_truth(path: Path, images: ImageRows) -> Truth:
    """Everybody of a sequence. Raises InputFileError where a field is missing or has another shape,
    ModelFileError where the file is no pickle of data."""
    content = read_pickle(path)
    try:
        people = [np.asarray(p, np.float64) for p in content["jointPositions"]]
        poses = np.asarray(content["cam_poses"], np.float64)
        intrinsics = np.asarray(content["cam_intrinsics"], np.float64)
        valid = [np.asarray(v).astype(bool) for v in content["campose_valid"]]
        bodies = _bodies(content, len(people))
    except (KeyError, TypeError, ValueError) as error:
        raise InputFileError(
            f"{shown(path)} is none of 3DPW's sequenceFiles: {shown(repr(error), 80)}; it has "
            "jointPositions, poses, betas, genders, cam_poses, cam_intrinsics and campose_valid"
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
    everybody = zip(people, valid, bodies, strict=True)
    for person, (world, sound, (pose, betas, gender)) in enumerate(everybody, start=1):
        if pose.shape != (count, 72) or betas.shape != (10,):
            raise InputFileError(
                f"{shown(path)}: poses is {pose.shape} and betas {betas.shape}: expected "
                f"({count}, 72) and 10 or more"
            )
        local = exponential(pose.reshape(count, 24, 3))
        joints, local = in_camera(poses, world.reshape(count, 24, 3), local)
        pixels = joints @ intrinsics.T
        depth = np.where(pixels[..., 2:] > 1e-3, pixels[..., 2:], np.nan)
        parts.append(TruthRows.of(
            np.arange(1, count + 1), np.full(count, person), counts=sound,
            box=boxes_of_joints(pixels[..., :2] / depth), place_cam=joints[:, HIPS].mean(1),
            joints_cam=joints.astype(np.float32), rotations=local.astype(np.float32),
            betas=np.tile(betas.astype(np.float32), (count, 1)),
            gender=np.full(count, gender, np.uint8),
        ))  # fmt: skip
    return Truth.numbered(TruthRows.join(parts), count, images)


def _bodies(content: dict, people: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Each person's poses (T, 72), betas (10,) and place in GENDERS."""
    found = [
        (
            np.asarray(pose, np.float64), np.asarray(betas, np.float64).reshape(-1)[:10],
            {"m": GENDERS.index("male"), "f": GENDERS.index("female")}[str(gender)],
        )
        for pose, betas, gender in zip(
            content["poses"], content["betas"], content["genders"], strict=True
        )
    ]  # fmt: skip
    if len(found) != people:
        raise ValueError(f"there are poses of {len(found)} people")
    return found

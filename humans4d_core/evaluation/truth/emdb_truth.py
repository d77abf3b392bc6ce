"""EMDB's *_data.pkl: SMPL's parameters of one person, and how the camera went.

A pickle a sequence, read as data: camera {intrinsics (3, 3), extrinsics (T, 4, 4) from the world to
the camera}, smpl {poses_root (T, 3), poses_body (T, 69), trans (T, 3), betas (10,)}, gender,
good_frames_mask (T,), bboxes {bboxes (T, 4) px, invalid_idxs} (Kaufmann et al., "EMDB: The
Electromagnetic Database of Global 3D Human Pose and Shape in the Wild", 2023; fields as in the
data's dataset.md). Image k is 0000k.jpg, from 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputFileError
from ...geometry.numpy_rotations import exponential
from ...shown_text import shown
from ...untrusted_files.pickles.pickles import read_pickle
from ..results.image_table import ImageRows
from .smpl_bodies import in_camera, smpl_body
from .truth import GENDERS, HIPS, Truth, TruthRows

#: Bodies that are posed at once.
_AT_ONCE = 256


def read_emdb_truth(path: Path, images: ImageRows, bodies: Path | None) -> Truth:
    """The person of a sequence; bodies: SMPL's file, or a folder of them by gender.

    Raises InputFileError where a field is missing or has another shape, or no body was named;
    ModelFileError where the file is no pickle of data.
    """
    content = read_pickle(path)
    arrays, gender = _checked(content, path)
    if bodies is None:
        raise InputFileError(
            f"{shown(path)} holds SMPL's parameters of a {GENDERS[gender]} person: name the body "
            "model with --truth-body SMPL_FILE_OR_FOLDER"
        )
    body, count = smpl_body(bodies, gender), len(arrays["good_frames_mask"])
    pose = np.concatenate((arrays["poses_root"], arrays["poses_body"]), axis=1)
    local = exponential(pose.reshape(count, 24, 3))
    shape = np.broadcast_to(arrays["betas"], (count, 10))
    parts = np.array_split(np.arange(count), count // _AT_ONCE + 1)
    posed = [body(local[part, 0], local[part, 1:], shape[part]).joints for part in parts]
    world = np.concatenate(posed) + arrays["trans"][:, None]
    joints, local = in_camera(arrays["extrinsics"], world, local)
    rows = TruthRows.of(
        np.arange(1, count + 1), np.ones(count), counts=arrays["good_frames_mask"].astype(bool),
        box=arrays["bboxes"], place_cam=joints[:, HIPS].mean(1),
        joints_cam=joints.astype(np.float32), rotations=local.astype(np.float32),
        betas=shape.astype(np.float32), gender=np.full(count, gender, np.uint8),
    )  # fmt: skip
    return Truth.numbered(rows, count, images)


def _checked(content: Any, path: Path) -> tuple[dict[str, np.ndarray], int]:
    """The arrays by name, and the place in GENDERS."""
    try:
        gender = GENDERS.index(str(content["gender"]))
        mask = np.asarray(content["good_frames_mask"])
        count = len(mask)
        shapes: dict[str, tuple[str, tuple[int, ...]]] = {
            "poses_root": ("smpl", (count, 3)), "poses_body": ("smpl", (count, 69)),
            "trans": ("smpl", (count, 3)), "betas": ("smpl", (10,)),
            "extrinsics": ("camera", (count, 4, 4)), "bboxes": ("bboxes", (count, 4)),
        }  # fmt: skip
        arrays = {
            name: np.asarray(content[part][name], np.float64) for name, (part, _) in shapes.items()
        }
        invalid = np.asarray(content["bboxes"]["invalid_idxs"]).astype(np.int64).reshape(-1)
        wrong = [name for name, (_, shape) in shapes.items() if arrays[name].shape != shape]
        if mask.shape != (count,):
            wrong.append("good_frames_mask")
        if wrong:
            raise ValueError(f"{wrong[0]} has another shape")
        arrays["bboxes"] = arrays["bboxes"].copy()
        arrays["bboxes"][invalid] = np.nan
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputFileError(
            f"{shown(path)} is none of EMDB's *_data.pkl: {shown(repr(error), 120)}; it has "
            "gender, good_frames_mask, camera, smpl and bboxes"
        ) from None
    return {**arrays, "good_frames_mask": mask}, gender

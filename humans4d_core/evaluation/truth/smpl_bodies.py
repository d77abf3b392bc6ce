"""SMPL's body models that the user has, for truths that are SMPL's parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from ...body import BodyModel, load_body
from ...errors import InputFileError
from ...shown_text import shown
from .truth import GENDERS

#: What SMPL's files are called, in the order in which they are looked for.
_NAMES = {
    "neutral": ("SMPL_NEUTRAL", "basicModel_neutral_lbs_10_207_0_v1.0.0"),
    "male": ("SMPL_MALE", "basicmodel_m_lbs_10_207_0_v1.1.0", "basicModel_m_lbs_10_207_0_v1.0.0"),
    "female": ("SMPL_FEMALE", "basicmodel_f_lbs_10_207_0_v1.1.0",
               "basicModel_f_lbs_10_207_0_v1.0.0"),
}  # fmt: skip


def smpl_body(path: Path, gender: int) -> BodyModel:
    """The model of one of GENDERS: `path` itself, or the file of that gender in this folder.

    Raises InputFileError where the folder has none, ModelFileError where it is no body.
    """
    return _load(path, GENDERS[gender] if path.is_dir() else "")


@cache
def _load(path: Path, gender: str) -> BodyModel:
    if not gender:
        return load_body(path)
    for name in _NAMES[gender]:
        for suffix in (".pkl", ".npz"):
            if (file := path / (name + suffix)).is_file():
                return load_body(file)
    raise InputFileError(
        f"{shown(path)} has no body of a {gender} person: it is called {_NAMES[gender][0]}.pkl or "
        ".npz"
    )


def in_camera(
    extrinsics: np.ndarray, joints: np.ndarray, rotations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, 24, 3) m and rotations (T, 24, 3, 3), each relative to its parent, of the world as
    a camera has them whose pose is (T, 4, 4), from the world to the camera."""
    turn, move = extrinsics[:, :3, :3], extrinsics[:, None, :3, 3]
    turned = rotations.copy()
    turned[:, 0] = turn @ rotations[:, 0]
    return np.einsum("tij,tkj->tki", turn, joints) + move, turned

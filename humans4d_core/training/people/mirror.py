"""A person in a mirror: which joints change places, and what becomes of rotations."""

from __future__ import annotations

import numpy as np

from ...types import JOINT_NAMES

_SIDES = {"left": "right", "right": "left"}

#: SMPL's joints of the other side; those in the middle stay.
MIRRORED_JOINTS = tuple(
    JOINT_NAMES.index("_".join((_SIDES.get(side, side), *rest)))
    for side, *rest in (name.split("_") for name in JOINT_NAMES)
)


def mirrored_rotations(local: np.ndarray) -> np.ndarray:
    """Rotations (24, 3, 3), relative to the parent and the root's to an upright world or camera, of
    the mirror image."""
    flip = np.diag([-1.0, 1.0, 1.0]).astype(local.dtype)
    return np.asarray(flip @ local[list(MIRRORED_JOINTS)] @ flip)

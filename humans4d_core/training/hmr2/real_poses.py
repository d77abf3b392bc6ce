"""Captured poses in a file: what the discriminator takes for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...untrusted_files.arrays import read_npz


def write_real_poses(path: Path, body_pose: np.ndarray) -> None:
    """Write rotations (F, 23, 3, 3), relative to the parent joint, as an npz."""
    np.savez(path, body_pose=body_pose.astype(np.float32))


def read_real_poses(path: Path) -> np.ndarray:
    """Rotations (F, 23, 3, 3) float32 of such an npz.

    Raises InputFileError where they are not there or of another shape.
    """
    pose = read_npz(path, ("body_pose",)).get("body_pose")
    if pose is None or pose.shape[1:] != (23, 3, 3) or not len(pose):
        shape = "none" if pose is None else pose.shape
        raise InputFileError(f"{path}: body_pose is {shape}: expected (F, 23, 3, 3)")
    return np.array(pose, np.float32)

"""Poses of real people from motion capture, as rotations of SMPL's joints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import Humans4dError, InputFileError
from ...simulation.gaits import retargeted
from ...simulation.mocap import FRAME_RATE, read_motion, read_skeleton

#: Poses a second: slower than people change theirs.
RATE = 20.0
#: Subjects of CMU whose motions judge and never train.
HELD_OUT = ("03", "07", "38")


@dataclass(frozen=True)
class CapturedPoses:
    """F poses of many clips."""

    local: np.ndarray  #: (F, 24, 3, 3) float32, relative to the parent; the root to the world, y up
    subjects: np.ndarray  #: (F,) text, CMU's number of who moved
    clips: np.ndarray  #: (F,) text

    @property
    def is_held_out(self) -> np.ndarray:
        """(F,) bool."""
        return np.isin(self.subjects, HELD_OUT)


def read_poses(folder: Path, rest_joints: np.ndarray) -> CapturedPoses:
    """All .amc and .amc.xz of a folder beside their subjects' .asf.

    rest_joints: (24, 3) m of the body that they are retargeted to. Raises InputFileError where
    there is none, or a file does not fit.
    """
    parts, subjects, clips = [], [], []
    step = round(FRAME_RATE / RATE)
    for path in sorted((*folder.glob("*.amc"), *folder.glob("*.amc.xz"))):
        subject = re.split(r"[_.]", path.name)[0]
        skeleton = read_skeleton(folder / f"{subject}.asf")
        motion = read_motion(path, skeleton)
        local = retargeted(motion, skeleton, rest_joints)[::step].astype(np.float32)
        parts.append(local)
        subjects += [subject] * len(local)
        clips += [path.name.split(".")[0]] * len(local)
    if not parts:
        raise InputFileError(f"{folder}: no motion capture, no .amc or .amc.xz beside an .asf")
    return CapturedPoses(np.concatenate(parts), np.array(subjects), np.array(clips))


def poses_of(poses: CapturedPoses, is_held_out: bool) -> CapturedPoses:
    """Those of HELD_OUT subjects, or of all others. Raises Humans4dError where there is none."""
    rows = poses.is_held_out == is_held_out
    if not rows.any():
        raise Humans4dError(
            "the motion capture has to hold motions of CMU's subjects "
            f"{', '.join(HELD_OUT[:-1])} or {HELD_OUT[-1]}, which judge, and of others, which train"
        )
    return CapturedPoses(poses.local[rows], poses.subjects[rows], poses.clips[rows])

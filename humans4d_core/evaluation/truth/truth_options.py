"""What the user says about a truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Pose

#: s that a truth with its own stamps may be away from an image.
TOLERANCE = 0.05


@dataclass(frozen=True)
class TruthOptions:
    """What the user says about a truth; None: it is found out, or the file says it."""

    format: str | None = None  #: one of truth_reading.FORMATS
    tolerance: float = TOLERANCE  #: s
    #: What places with stamps are relative to: "camera", "fixed" (the frame that the clip's camera
    #: poses are in), or camera_in_truth tells.
    frame: str | None = None
    camera_in_truth: Pose | None = None  #: of a camera that stands in the truth's frame
    #: SMPL's file, or a folder of them by gender, for truths that are SMPL's parameters.
    bodies: Path | None = None
    fixed_frame: str = ""  #: that the poses of the clip's camera are in

    @classmethod
    def from_text(
        cls,
        format: str | None,
        tolerance: float | None,
        frame: str | None,
        camera_in_truth: str | None,
        bodies: Path | None = None,
    ) -> TruthOptions:
        """From the command line. Raises InputFileError for what cannot be."""
        if tolerance is not None and not 0 <= tolerance < 3600:
            raise InputFileError(f"tolerance {tolerance:g} is not between 0 and 3600 s")
        if frame not in (None, "camera", "fixed"):
            raise InputFileError(f"truth frame '{shown(frame)}' is neither camera nor fixed")
        pose = None if camera_in_truth is None else _pose(camera_in_truth)
        if bodies is not None and not bodies.exists():
            raise InputFileError(f"{shown(bodies)} does not exist: give SMPL's file or folder")
        return cls(format, TOLERANCE if tolerance is None else tolerance, frame, pose, bodies)


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

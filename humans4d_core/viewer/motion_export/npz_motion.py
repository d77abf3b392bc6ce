"""Motion as AMASS has it (Mahmood et al., ICCV 2019): one .npz, z up, SMPL's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from .person_motion import PersonMotion


def write_npz(path: Path, motion: PersonMotion) -> None:
    """poses (T, 72) axis-angle, trans (T, 3) m, betas, gender, mocap_frame_rate, and what AMASS
    has not: scale and body_model. Vertices are scale * body(poses, betas) + trans."""
    turns = Rotation.from_matrix(motion.rotations.reshape(-1, 3, 3)).as_rotvec()
    np.savez_compressed(
        path,
        poses=turns.reshape(len(motion.rotations), 72),
        trans=motion.translation,
        betas=motion.betas,
        gender="neutral",
        mocap_frame_rate=motion.frame_rate,
        scale=motion.scale,
        body_model=motion.body.name,
    )

"""Whoever stands or walks has the hips over the feet, more surely than an image shows a lean."""

from __future__ import annotations

import numpy as np

from ..config.positioning_config import DEFAULT, PositioningConfig
from ..types import Bodies

HIPS, KNEES, ANKLES, FEET = [1, 2], [4, 5], [7, 8], [7, 8, 10, 11]

#: Height of the hips over the ankles, in lengths of the legs: at the first a body may lean as it
#: likes, from the second on it is upright. Seated people are at 0.6.
BENT, UPRIGHT = 0.8, 0.92


def hips_over_feet(
    bodies: Bodies, up_cam: np.ndarray, config: PositioningConfig = DEFAULT
) -> np.ndarray:
    """Factor (N,) about 1 on the pelvis' distance that takes back a part of the body's lean.

    For bodies that are placed by their feet. up_cam: (3,), a unit vector.
    """
    joints = bodies.joints_cam.astype(np.float64)
    hips, knees, ankles = joints[:, HIPS], joints[:, KNEES], joints[:, ANKLES]
    legs = np.linalg.norm(hips - knees, axis=-1) + np.linalg.norm(knees - ankles, axis=-1)
    height = (hips - ankles) @ up_cam
    extended = height.mean(1) / np.maximum(legs.mean(1), 1e-6)
    share = config.lean_doubted * np.clip((extended - BENT) / (UPRIGHT - BENT), 0, 1)
    pelvis, feet = hips.mean(1), joints[:, FEET].mean(1)
    level = pelvis - (pelvis @ up_cam)[:, None] * up_cam
    range_ = np.linalg.norm(level, axis=1)
    lean = ((pelvis - feet) * level).sum(1) / np.maximum(range_, 1e-6)
    # Below the camera a lean says nothing about the distance.
    return 1 - share * lean / np.maximum(range_, np.abs(pelvis @ up_cam))

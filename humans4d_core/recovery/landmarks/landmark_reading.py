"""What the landmark network reads of people, corrected, in the axes of the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...batch import Batch
from ...camera import Camera
from ...geometry import pixels_to_rays
from ...geometry.numpy_rotations import minimal_rotation
from .blazepose import Landmarks
from .point_corrector import PointCorrector, as_people_are_met

#: Cosine of a landmark's angle to the gaze below which its ray is cut off.
LEAST_FORWARD = 0.05


@dataclass(frozen=True)
class Readings(Batch):
    """K points (LandmarkSkeleton.landmarks) of N people."""

    rays: np.ndarray  #: (N, K, 2) x/z and y/z in the camera
    visibility: np.ndarray  #: (N, K) in [0, 1]
    uncorrected: np.ndarray  #: (N, K, 3) m, in the camera's axes, any origin
    points: np.ndarray  #: (N, K, 3) m, corrected, in the camera's axes, from the hips
    spread: np.ndarray  #: (N, K) m, how far `points` may be off (point_corrector)


def corrected_readings(
    landmarks: Landmarks, camera: Camera, corrector: PointCorrector, used: np.ndarray
) -> Readings:
    """used: (K,) which of the network's landmarks. Every pixel must have a viewing ray."""
    rays = pixels_to_rays(landmarks.pixels, camera)
    visibility = landmarks.visibility[:, used]
    # The network looks straight at each person; the camera may see them off its axis.
    gaze = rays[:, 23:25].mean(1)
    turn = minimal_rotation(np.array([0.0, 0.0, 1.0]), _directions(gaze))
    rays = rays[:, used]
    directions = _directions(rays) @ turn
    looked_at = directions[..., :2] / np.maximum(directions[..., 2:], LEAST_FORWARD)
    read = landmarks.world[:, used]
    corrected, spread = corrector(looked_at, visibility, read)
    points = as_people_are_met(read, corrected, used)
    to_camera = turn.transpose(0, 2, 1)
    return Readings(rays, visibility, read @ to_camera, points @ to_camera, spread)


def _directions(rays: np.ndarray) -> np.ndarray:
    """x/z, y/z (*, 2) -> unit vectors (*, 3)."""
    directions = np.concatenate((rays, np.ones_like(rays[..., :1])), -1)
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)

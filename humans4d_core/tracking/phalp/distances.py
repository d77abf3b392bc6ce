"""Distances of what PHALP' compares: poses, places in the image, depths.

What a body is described by:
  token     229 numbers: its pose, which is 24 rotation matrices (global orientation first) and 10
            betas, and its translation in the frame of HMR 2.0's camera (m; z in 200 m), which only
            the pose predictor reads
  location  3 numbers: pelvis x, y in the image padded to a square [0, 1] x [0, 1], and log depth

The paper speaks of the distance of all projected joints; the released code measures only that of
the body's centre, and so does this.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from ...geometry import CROP_FOCAL, CROP_SIZE
from ...types import Bodies, Camera

#: Numbers of a location, of a token, and of the pose that a token begins with.
LOCATION_SIZE = 3
TOKEN_SIZE = 229
POSE_SIZE = 226
#: Shape coefficients in a token: SMPL's. Of bodies with more, the first; with fewer, zeros.
NUM_BETAS = 10

#: Focal length of HMR 2.0's camera for whole images, in longer sides of the image.
FOCAL = CROP_FOCAL / CROP_SIZE

#: Unit of a token's depth (m).
TOKEN_DEPTH = 200.0

#: m, nearest depth whose logarithm is taken.
NEAREST = 1e-3


def tokens(bodies: Bodies, rows: np.ndarray, camera: Camera) -> np.ndarray:
    """Tokens (N, 229) float64 of rows (N,) of bodies."""
    x, y, z = bodies.translation_cam[rows].astype(np.float64).T
    # The same pixels in a camera of another focal length, with its axis in the image's middle.
    x = x + z * (camera.cx - camera.width / 2) / camera.fx
    y = y + z * (camera.cy - camera.height / 2) / camera.fy
    z = z * FOCAL * max(camera.width, camera.height) / camera.fx
    orient = bodies.global_orient[rows].reshape(-1, 9)
    pose = bodies.body_pose[rows].reshape(-1, 23 * 9)
    place = np.column_stack((x, y, z / TOKEN_DEPTH))
    betas = np.zeros((len(rows), NUM_BETAS))
    given = bodies.betas[rows, :NUM_BETAS]
    betas[:, : given.shape[1]] = given
    return np.concatenate((orient, pose, betas, place), axis=1)


def locations(bodies: Bodies, rows: np.ndarray, camera: Camera) -> np.ndarray:
    """Locations (N, 3) float64 of rows (N,) of bodies; the padding is on both sides alike."""
    side = max(camera.width, camera.height)
    offset = (side - np.array([camera.width, camera.height])) / 2
    center = (bodies.joints_px[rows, 0].astype(np.float64) + offset) / side
    depth = bodies.joints_cam[rows, 0, 2].astype(np.float64)
    return np.column_stack((center, np.log(np.maximum(depth, NEAREST))))


def pose_distance(tracks: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Squared distance (M, N) of the poses of tokens (M, 229) and (N, 229)."""
    return cdist(tracks[:, :POSE_SIZE], bodies[:, :POSE_SIZE], "sqeuclidean")


def location_distance(tracks: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Distance (M, N) of centres (M, 2) and (N, 2), in sides of the padded square."""
    return cdist(tracks, bodies)


def depth_distance(tracks: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """|log(z_t / z_d)| (M, N) of log depths (M,) and (N,)."""
    return np.abs(tracks[:, None] - bodies)

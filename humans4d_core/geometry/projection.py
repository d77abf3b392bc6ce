"""Projection, and the way from a crop's camera to metres.

Points and pixels of a `Camera` are numpy arrays of any leading shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..types import Camera
from .distortion import distort, undistort

#: HMR 2.0 predicts its weak camera for a 256 px crop and this focal length (px).
CROP_SIZE = 256
CROP_FOCAL = 5000.0


def crop_camera_to_translation(
    crop_camera: np.ndarray,
    box_centers_px: np.ndarray,
    box_sizes_px: np.ndarray,
    focal_length_px: ArrayLike,
    principal_point_px: ArrayLike,
) -> np.ndarray:
    """HMR 2.0's weak crop camera -> translation in the full image's camera: (N, 3) metres.

    crop_camera (N, 3) as s, tx, ty; box_centers_px (N, 2); box_sizes_px (N,) of the square crop;
    focal_length_px scalar or (2,) as fx, fy; principal_point_px (2,) or (N, 2). With the focal
    length and the image centre that the original assumes the result equals the original's; with
    the camera's own it is in metres of that camera.
    """
    scale, offset = crop_camera[:, :1], crop_camera[:, 1:]
    focal = np.broadcast_to(np.asarray(focal_length_px, crop_camera.dtype), 2)
    size = box_sizes_px[:, None] * scale + 1e-9
    depth = 2 * focal.mean() / size
    lateral = (
        box_centers_px - np.asarray(principal_point_px, crop_camera.dtype)
    ) * depth / focal + offset
    return np.concatenate((lateral, depth), axis=-1)


def project(points_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """Points (*, 3) m -> pixels (*, 2), distortion included; NaN where z <= 0."""
    points = np.asarray(points_cam, dtype=np.float64)
    z = points[..., 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rays = np.where(z > 0, points[..., :2] / z, np.nan)
    if camera.is_distorted:
        rays = distort(rays, camera)
    return rays * (camera.fx, camera.fy) + (camera.cx, camera.cy)


def unproject(pixels: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """Pixels (*, 2) and depths z (*) m -> points (*, 3) m; the inverse of `project`."""
    rays = pixels_to_rays(pixels, camera)
    depth = np.asarray(depth, dtype=np.float64)[..., None]
    return np.concatenate((rays * depth, np.broadcast_to(depth, (*rays.shape[:-1], 1))), axis=-1)


def pixels_to_rays(pixels: np.ndarray, camera: Camera) -> np.ndarray:
    """Pixels (*, 2) -> x/z, y/z of their viewing rays (*, 2), distortion removed.

    NaN where no ray in front of the camera reaches the pixel (beyond what the lens model covers).
    """
    pixels = np.asarray(pixels, dtype=np.float64)
    rays = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    return undistort(rays, camera) if camera.is_distorted else rays

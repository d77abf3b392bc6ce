"""Rotations, cameras with their lenses, and coordinate frames."""

from .projection import (
    CROP_FOCAL,
    CROP_SIZE,
    crop_camera_to_translation,
    pixels_to_rays,
    project,
    unproject,
)
from .rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_6d_to_matrix,
)

__all__ = [
    "CROP_FOCAL",
    "CROP_SIZE",
    "axis_angle_to_matrix",
    "axis_angle_to_quaternion",
    "crop_camera_to_translation",
    "matrix_to_quaternion",
    "pixels_to_rays",
    "project",
    "quaternion_to_matrix",
    "rotation_6d_to_matrix",
    "unproject",
]

"""Rotations, cameras with their lenses, and coordinate frames."""

from .projection import (
    CROP_FOCAL,
    CROP_SIZE,
    crop_camera_to_translation,
    pixels_to_rays,
    project,
    unproject,
)

__all__ = [
    "CROP_FOCAL",
    "CROP_SIZE",
    "crop_camera_to_translation",
    "pixels_to_rays",
    "project",
    "unproject",
]

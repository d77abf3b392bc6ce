"""People whose places have stamps of their own, at the images and as the camera has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ..results.image_table import ImageRows
from .times import at_images
from .truth import Truth, TruthRows
from .truth_options import TruthOptions


def placed_people(
    ways: Mapping[int, tuple[np.ndarray, np.ndarray]],
    images: ImageRows,
    options: TruthOptions,
    source: Path | str,
) -> Truth:
    """Each person's stamps (K,) ns, growing, and places (K, 3) m -> a truth of the images between.

    An image counts where everybody's way goes over it who is named at all at that moment. Raises
    InputFileError where nobody says what the places are relative to.
    """
    tolerance_ns = round(options.tolerance * 1e9)
    parts, unmatched = [], 0
    for person, (stamps_ns, places) in ways.items():
        there = _in_camera(at_images(stamps_ns, places, images.stamp_ns, tolerance_ns), images,
                           options, source)  # fmt: skip
        known = np.isfinite(there).all(1)
        count = int(known.sum())
        parts.append(
            TruthRows.of(images.frame[known], np.full(count, person), place_cam=there[known])
        )
        if len(images):
            outside = (stamps_ns < images.stamp_ns.min()) | (stamps_ns > images.stamp_ns.max())
            unmatched += int(outside.sum())
    rows = TruthRows.join(parts)
    up = None if options.camera_in_truth is None else options.camera_in_truth.rotation[2]
    return Truth(rows, np.unique(rows.frame), up, unmatched)


def _in_camera(
    places: np.ndarray, images: ImageRows, options: TruthOptions, source: Path | str
) -> np.ndarray:
    """Places (F, 3) at the images -> in each image's camera."""
    if options.camera_in_truth is not None:
        return options.camera_in_truth.inverse().apply(places)
    if options.frame == "fixed":
        poses = images.fixed_from_camera
        if not np.isfinite(poses).any():
            raise InputFileError(
                f"{shown(source)}: the clip's camera has no pose in a fixed frame: name it with "
                "--fixed-frame, or give --camera-in-truth"
            )
        return np.asarray(np.einsum("fji,fj->fi", poses[:, :, :3], places - poses[:, :, 3]))
    if options.frame == "camera":
        return places
    raise InputFileError(
        f"{shown(source)} does not say what its places are relative to: give --truth-frame camera, "
        "--truth-frame fixed (with --fixed-frame), or --camera-in-truth x,y,z,qx,qy,qz,qw"
    )

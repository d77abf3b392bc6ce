"""How fast true people move: differences of their places over about half a second."""

from __future__ import annotations

import numpy as np

from ..results.image_table import ImageRows
from ..truth.truth import TruthRows

#: s before and after, between which a velocity is told; at least as far as the next image.
HALF_SPAN = 0.25
#: s that the nearest places may be apart from that.
SLACK = 0.25


def true_velocities(truth: TruthRows, images: ImageRows) -> np.ndarray:
    """(R, 3) m/s in the axes of the camera at each row's image; NaN: unknown.

    Relative to the fixed frame where the camera has a pose in one, otherwise to the camera: as
    People.velocity_cam is.
    """
    order = np.argsort(images.frame, kind="stable")
    image = order[np.searchsorted(images.frame[order], truth.frame)]
    poses = images.fixed_from_camera[image]
    has_pose = np.isfinite(poses).all((1, 2))
    rotation = np.where(has_pose[:, None, None], poses[:, :, :3], np.eye(3))
    origin = np.where(has_pose[:, None], poses[:, :, 3], 0)
    places = np.einsum("rij,rj->ri", rotation, truth.place_cam) + origin
    first_ns = images.stamp_ns[0] if len(images) else 0
    seconds = (images.stamp_ns[image] - first_ns) * 1e-9
    velocity = np.full((len(truth), 3), np.nan)
    for person in np.unique(truth.person):
        rows = np.flatnonzero(truth.person == person)
        rows = rows[np.argsort(seconds[rows], kind="stable")]
        rows = rows[np.isfinite(places[rows]).all(1)]
        if len(rows) > 2:
            velocity[rows] = _differences(seconds[rows], places[rows])
    return np.einsum("rji,rj->ri", rotation, velocity)


def _differences(seconds: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(K, 3) m/s from the places nearest to HALF_SPAN before and after; NaN where those miss."""
    result = np.full(places.shape, np.nan)
    last = len(seconds) - 1
    step = np.diff(seconds).min(initial=np.inf)
    if not np.isfinite(step):
        return result
    span = max(HALF_SPAN, step)
    before = np.searchsorted(seconds, seconds - span - 1e-6).clip(max=last)
    after = (np.searchsorted(seconds, seconds + span + 1e-6, side="right") - 1).clip(min=0)
    gap_before, gap_after = seconds - seconds[before], seconds[after] - seconds
    good = (np.abs(gap_before - gap_after) < 0.5 * span) & (gap_before > 0) & (gap_after > 0)
    good &= np.maximum(gap_before, gap_after) <= span + SLACK
    # A central difference over equal halves: places that jump between are not looked at.
    total = np.where(good, gap_before + gap_after, 1.0)
    result[good] = ((places[after] - places[before]) / total[:, None])[good]
    return result

"""Which images entries of a truth with its own stamps belong to."""

from __future__ import annotations

import numpy as np


def nearest_image(stamps_ns: np.ndarray, images_ns: np.ndarray, tolerance_ns: int) -> np.ndarray:
    """Row of the image (F,) whose stamp is nearest to each stamp (K,): (K,), -1 beyond tolerance.

    images_ns: in any order.
    """
    if not len(images_ns):
        return np.full(len(stamps_ns), -1)
    order = np.argsort(images_ns, kind="stable")
    ordered = images_ns[order]
    after = np.searchsorted(ordered, stamps_ns).clip(1, max(len(ordered) - 1, 1))
    after = np.minimum(after, len(ordered) - 1)
    before = np.maximum(after - 1, 0)
    is_before = np.abs(stamps_ns - ordered[before]) <= np.abs(ordered[after] - stamps_ns)
    nearest = np.where(is_before, before, after)
    good = np.abs(ordered[nearest] - stamps_ns) <= tolerance_ns
    return np.where(good, order[nearest], -1)


def at_images(
    stamps_ns: np.ndarray, places: np.ndarray, images_ns: np.ndarray, tolerance_ns: int
) -> np.ndarray:
    """Places (K, 3) of growing stamps (K,), between them on straight lines: (F, 3) at the images.

    NaN at an image that is before the first or after the last stamp, or between two of which one
    is farther than the tolerance.
    """
    result = np.full((len(images_ns), 3), np.nan)
    if not len(stamps_ns):
        return result
    after = np.searchsorted(stamps_ns, images_ns)
    exact = (after < len(stamps_ns)) & (stamps_ns[after.clip(max=len(stamps_ns) - 1)] == images_ns)
    result[exact] = places[after[exact]]
    inside = ~exact & (after > 0) & (after < len(stamps_ns))
    row = np.flatnonzero(inside)
    late, early = after[row], after[row] - 1
    before_ns = (images_ns[row] - stamps_ns[early]).astype(np.float64)
    after_ns = (stamps_ns[late] - images_ns[row]).astype(np.float64)
    share = before_ns / (before_ns + after_ns)
    between = places[early] + share[:, None] * (places[late] - places[early])
    near = np.maximum(before_ns, after_ns) <= tolerance_ns
    result[row[near]] = between[near]
    return result

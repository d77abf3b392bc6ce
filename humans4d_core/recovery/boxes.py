"""Which boxes a recovery can cut out of an image."""

import numpy as np


def croppable(boxes_px: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes (N, 4) that are finite, larger than two pixels and touch the image: (N,) bool."""
    with np.errstate(invalid="ignore", over="ignore"):
        large = (boxes_px[:, 2:] - boxes_px[:, :2] > 2).all(1)
        inside = (boxes_px[:, 2:] > 0).all(1) & (boxes_px[:, :2] < (width, height)).all(1)
    return np.isfinite(boxes_px).all(1) & large & inside

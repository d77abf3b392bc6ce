"""Which boxes a recovery can cut out of an image."""

import numpy as np

#: Coordinates beyond are no person's; float32 overflows on the way to a crop.
_FARTHEST_PX = 1e6


def croppable(boxes_px: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes (N, 4) that are sane, larger than two pixels and touch the image: (N,) bool."""
    with np.errstate(invalid="ignore", over="ignore"):
        large = (boxes_px[:, 2:] - boxes_px[:, :2] > 2).all(1)
        inside = (boxes_px[:, 2:] > 0).all(1) & (boxes_px[:, :2] < (width, height)).all(1)
        sane = (np.abs(boxes_px) <= _FARTHEST_PX).all(1)  # NaN is not
    return sane & large & inside

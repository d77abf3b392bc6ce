"""Parts of the rows that figures are told of: by distance, by how hidden a person is, by place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .figures import ALL

#: m from the camera, on the ground.
DISTANCES = (0.0, 5.0, 10.0, 20.0, np.inf)
#: Shares of a person that are hidden: plain, partly, mostly.
HIDDEN = {"plain": (0.0, 0.3), "partly hidden": (0.3, 0.7), "mostly hidden": (0.7, 1.01)}
BORDER_PX = 3.0


def bands(
    distance: np.ndarray, hidden: np.ndarray, at_border: np.ndarray, is_seen: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """(name, mask (R,)) of everything, and of each part that has a row.

    distance: (R,) m. hidden: (R,) share, NaN unknown. at_border: (R,) the true box touches the
    border of the image. is_seen: (R,) published as seen; otherwise as predicted.
    """
    yield ALL, np.ones(len(distance), bool)
    parts = [
        (distance_name(low, high), (distance >= low) & (distance < high))
        for low, high in pairwise(DISTANCES)
    ]
    parts += [(name, (hidden >= low) & (hidden < high)) for name, (low, high) in HIDDEN.items()]
    parts += [("at the border", at_border), ("inside", ~at_border)]
    parts += [("seen", is_seen), ("predicted", ~is_seen)]
    for name, mask in parts:
        if mask.any() and not mask.all():
            yield name, mask


def distance_name(low: float, high: float) -> str:
    """Of a band."""
    return f"{low:g} m and more" if np.isinf(high) else f"{low:g} to {high:g} m"


def touches_border(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(R,) bool: boxes (R, 4) px that come near a side of their image, (R, 2) px; NaN: False."""
    with np.errstate(invalid="ignore"):
        low = (boxes[:, :2] <= BORDER_PX).any(1)
        high = (boxes[:, 2:] >= sizes - 1 - BORDER_PX).any(1)
    return np.asarray(low | high)

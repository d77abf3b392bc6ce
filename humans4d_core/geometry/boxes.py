"""Boxes in an image: x_min, y_min, x_max, y_max."""

from __future__ import annotations

import numpy as np


def iou(boxes_a: np.ndarray, boxes_b: np.ndarray) -> np.ndarray:
    """Intersection over union (M, N) of boxes (M, 4) and (N, 4), x_min, y_min, x_max, y_max."""
    a, b = boxes_a.astype(np.float64)[:, None], boxes_b.astype(np.float64)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return shared / np.maximum(areas - shared, 1e-12)

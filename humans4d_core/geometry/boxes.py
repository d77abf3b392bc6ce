"""Boxes in an image: x_min, y_min, x_max, y_max."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment


def iou(boxes_a: np.ndarray, boxes_b: np.ndarray) -> np.ndarray:
    """Intersection over union (M, N) of boxes (M, 4) and (N, 4), x_min, y_min, x_max, y_max."""
    a, b = boxes_a.astype(np.float64)[:, None], boxes_b.astype(np.float64)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return shared / np.maximum(areas - shared, 1e-12)


def same_boxes(
    boxes: np.ndarray, others: np.ndarray, least_iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (K,) of boxes (N, 4) and of others (M, 4) that show one thing each: the pairs that
    overlap most in all, of them those whose intersection over union is `least_iou` or more."""
    overlap = iou(boxes, others)
    rows, columns = linear_sum_assignment(-overlap)
    same = overlap[rows, columns] >= least_iou
    return rows[same], columns[same]

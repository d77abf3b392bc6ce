"""NanoDet-g: anchor-free boxes on three strides, each side a distribution over 11 bins.

Lyu, NanoDet (https://github.com/RangiLyu/nanodet); Li et al., "Generalized Focal Loss" (the bins).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..onnx_session import open_session
from ..types import Detections
from .letterbox import letterbox, to_detections

STRIDES = (8, 16, 32)
LONG_SIDE = 416
BINS = np.arange(11, dtype=np.float32)


class NanoDet:
    """People by NanoDet-g: fast; sees small people well, close or blurred ones with low scores.

    The default threshold keeps those; what else it lets through, the recovery's presence drops.
    """

    name = "nanodet"
    start_score = 0.5

    def __init__(self, threads: int | None = None, threshold: float = 0.4):
        self.threshold = threshold
        self._session = open_session("nanodet_g.onnx", threads)

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8 of any size, best first; none is an empty result."""
        batch, scale = letterbox(image_bgr, LONG_SIDE)
        # (1, A) scores and (1, 4, 11, A) bins of A cells
        scores, bins = self._session.run(["scores", "bins"], {"image": batch})
        found = np.flatnonzero(scores[0] > self.threshold)
        centers, strides = _cells(*batch.shape[1:3])
        boxes = _boxes(bins[0][..., found], centers[found], strides[found])
        return to_detections(boxes, scores[0, found], image_bgr.shape[:2], scale)


def _boxes(bins: np.ndarray, centers: np.ndarray, strides: np.ndarray) -> np.ndarray:
    """Logits (4, 11, M) of left, top, right, bottom -> boxes (M, 4) in pixels of the input."""
    weights = np.exp(bins - bins.max(axis=1, keepdims=True))
    # The expected bin, in strides.
    distances = np.einsum("sbm,b->ms", weights, BINS) / weights.sum(axis=1).T * strides[:, None]
    return np.concatenate((centers - distances[:, :2], centers + distances[:, 2:]), axis=1)


@lru_cache(maxsize=8)
def _cells(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres (A, 2) in pixels and strides (A,) of all cells of an input of this size."""
    centers, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[stride // 2 : height : stride, stride // 2 : width : stride]
        centers.append(np.stack((x.ravel(), y.ravel()), axis=1))
        strides.append(np.full(x.size, stride))
    return np.concatenate(centers).astype(np.float32), np.concatenate(strides).astype(np.float32)

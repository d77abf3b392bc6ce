"""How sure a body has to be: who may start a track, and whom the second image confirms."""

from __future__ import annotations

import numpy as np

#: How much surer a box is, in nats of surety -log(1 - score), than one that may start a track.
SURE_NATS = 1.5


def is_sure(scores: np.ndarray, start_score: float) -> np.ndarray:
    """(N,) bool: scores (N,) in [0, 1] that are wrong far more seldom than those that may start a
    track."""
    return 1 - scores <= (1 - start_score) ** SURE_NATS


def may_start(boxes_px: np.ndarray, scores: np.ndarray, start_score: float) -> np.ndarray:
    """(N,) bool: bodies with boxes (N, 4) and scores (N,) that may start a track.

    A box wider than high has to be sure: few people lie, and many things do. Who lies down while
    he is followed has a track already.
    """
    sizes = boxes_px[:, 2:] - boxes_px[:, :2]
    lies = sizes[:, 0] > sizes[:, 1]
    return (scores >= start_score) & (~lies | is_sure(scores, start_score))

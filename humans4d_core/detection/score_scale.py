"""What the scores of an unknown detector mean, learned as they come."""

from __future__ import annotations

import numpy as np

#: Detectors differ in how sure they say they are: one never goes beyond .6, another says .9 of what
#: it is wrong about every second time. In nats of surety, -log(1 - score), half of what a detector
#: says is false where the score is about this share of that of its surest tenth.
SHARE = 0.4
SUREST = 0.1
#: Boxes after which a box counts half as much as a new one.
HALF_LIFE = 5000.0
#: Nats of surety, up to where they are told apart, and how finely.
MOST_NATS, BINS = 12.0, 240


class ScoreScale:
    """Watches the scores of one detector; nothing later is known than what it was shown."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS)

    def watch(self, scores: np.ndarray) -> None:
        """Scores (N,) in [0, 1] of an image."""
        if len(scores):
            nats = -np.log1p(-np.minimum(scores.astype(np.float64), 1 - 1e-12))
            rows = np.minimum(nats * (BINS / MOST_NATS), BINS - 1).astype(int)
            self._counts *= 0.5 ** (len(scores) / HALF_LIFE)
            self._counts += np.bincount(rows, minlength=BINS)

    @property
    def start_score(self) -> float:
        """Score from which a box is sure enough to start a track; 0 before the first box."""
        if not self._counts.any():
            return 0.0
        above = np.cumsum(self._counts[::-1])[::-1]
        surest = np.flatnonzero(above >= SUREST * above[0])[-1]
        return float(-np.expm1(-SHARE * (surest + 0.5) * (MOST_NATS / BINS)))

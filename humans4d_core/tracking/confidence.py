"""How probable it is that a person is where a track says: calibrated, whatever the detector.

Detectors mean different things by one score. What counts is how many times surer a body is than
one that may start a track, in nats of surety -log(1 - score), now and over the track's life.
Logistic fits; docs/tracking.md says on what, and how well they hold elsewhere.
"""

from __future__ import annotations

import numpy as np

from ..types import TrackState

#: Surety beyond which a body is not believed more.
MOST_SURE = 2.5
#: Constant, mean surety, present surety of people who are seen and believed.
SEEN = (-2.8, 1.5, 1.3)
#: Constant, present surety of people who are not believed yet.
NEW = (-2.1, 0.95)
#: Constant, mean surety, log of the place's spread in units of HIDDEN_SPREAD, of people predicted.
HIDDEN, HIDDEN_SPREAD, LEAST_SPREAD = (-2.0, 0.4, -1.0), 0.1, 0.02


def surety(scores: np.ndarray, start_score: float) -> np.ndarray:
    """(N,) scores in [0, 1] as multiples of the surety that a body needs to start a track."""
    nats = -np.log1p(-np.minimum(scores.astype(np.float64), 1 - 1e-6))
    least = -np.log1p(-np.clip(start_score, 1e-3, 1 - 1e-6))
    return np.minimum(nats / least, MOST_SURE)


def confidence(
    states: np.ndarray, mean: np.ndarray, present: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """(M,) float32 in [0, 1] of tracks in `states` (M,).

    mean, present: (M,) surety of all bodies that the track has had, and of the last; spread: (M,)
    standard deviation of the box's centre, in heights of the box.
    """
    seen = SEEN[0] + SEEN[1] * mean + SEEN[2] * present
    new = NEW[0] + NEW[1] * present
    blur = np.log(np.maximum(spread, LEAST_SPREAD) / HIDDEN_SPREAD)
    hidden = HIDDEN[0] + HIDDEN[1] * mean + HIDDEN[2] * blur
    log_odds = np.select(
        [states == TrackState.CONFIRMED, states == TrackState.OCCLUDED], [seen, hidden], new
    )
    probability = 1 / (1 + np.exp(-log_odds))
    return np.where(states == TrackState.LOST, 0, probability).astype(np.float32)

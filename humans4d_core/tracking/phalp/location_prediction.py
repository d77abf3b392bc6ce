"""Where a track will be: a ridge regression over its last seven observations, and its doubt.

    value(t) = mean + slope (t - mean t),    slope = S_ty / (S_tt + alpha)

for x, y and log z independently, t in frames; S are sums of products of deviations from the mean.
The doubt is the half width of the 95 % Student-t prediction interval (n - 2 degrees of freedom):

    t_0.975 sqrt(sum residual^2 / (n - 2)) sqrt(1 + 1/n + (t - mean t)^2 / S_tt)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from ...batch import Batch
from .distances import LOCATION_SIZE, TOKEN_SIZE

#: Observations that a track remembers.
HISTORY = 7

#: Ridge penalties of x, y, log z.
ALPHAS = np.array([1.2, 2.0, 5.0])

#: Probability that the prediction interval covers.
COVERAGE = 0.95

#: Frames that a track is extrapolated for, at most.
MAX_UNSEEN = 48


@dataclass(frozen=True)
class History(Batch):
    """The last observations of M tracks, oldest first; a young track's first one is repeated."""

    times: np.ndarray  #: (M, 7) int64, frame numbers
    locations: np.ndarray  #: (M, 7, 3) float64, see distances
    tokens: np.ndarray  #: (M, 7, 229) float64, see distances

    @classmethod
    def empty(cls) -> History:
        return begun(0, np.zeros((0, LOCATION_SIZE)), np.zeros((0, TOKEN_SIZE)))


@dataclass(frozen=True)
class Prediction(Batch):
    """Predicted locations of M tracks and their doubts."""

    center: np.ndarray  #: (M, 2)
    log_depth: np.ndarray  #: (M,)
    center_doubt: np.ndarray  #: (M,) c_xy >= 0, infinite for a track seen once
    depth_doubt: np.ndarray  #: (M,) c_n >= 0, infinite for a track seen once


def begun(time: int, locations: np.ndarray, tokens: np.ndarray) -> History:
    """Histories of people first seen in frame `time`, with locations (N, 3), tokens (N, 229)."""
    return History(
        np.full((len(tokens), HISTORY), time, np.int64),
        np.repeat(locations[:, None], HISTORY, axis=1),
        np.repeat(tokens[:, None], HISTORY, axis=1),
    )


def extended(
    history: History,
    seen: np.ndarray,
    time: int,
    locations: np.ndarray,
    tokens: np.ndarray,
    is_shot_change: bool,
) -> History:
    """Histories after the tracks of the (M,) mask `seen` were seen in frame `time`.

    locations (K, 3) and tokens (K, 229) are those of the K seen tracks. After a shot change a track
    has always been where it is now: the places of another shot predict nothing.
    """
    changes = {}
    for name, value in (("times", time), ("locations", locations), ("tokens", tokens)):
        changed = getattr(history, name).copy()
        changed[seen, :-1] = changed[seen, 1:]
        changed[seen, -1] = value
        changes[name] = changed
    if is_shot_change:
        changes["locations"][seen] = locations[:, None]
    return replace(history, **changes)


def next_times(history: History, frames_unseen: np.ndarray) -> np.ndarray:
    """Frame (M,) that tracks unseen for (M,) frames are predicted at."""
    return history.times[:, -1] + 1 + np.minimum(frames_unseen, MAX_UNSEEN)


def ridge_prediction(
    times: np.ndarray, values: np.ndarray, at: np.ndarray, alphas: np.ndarray = ALPHAS
) -> tuple[np.ndarray, np.ndarray]:
    """Values and half widths, (M, K) each, at times `at` (M,).

    times (M, T), values (M, T, K), alphas (K,). The width is infinite where all times are equal.
    """
    mean_time, mean = times.mean(1), values.mean(1)
    time, value = times - mean_time[:, None], values - mean[:, None]
    spread = (time**2).sum(1)  # S_tt (M,)
    slope = np.einsum("mt,mtk->mk", time, value) / (spread[:, None] + alphas)
    ahead = (at - mean_time)[:, None]
    residual = value - slope[:, None] * time[..., None]
    n = times.shape[1]
    deviation = np.sqrt((residual**2).sum(1) / (n - 2))
    is_known = spread[:, None] > 0
    lever = np.sqrt(1 + 1 / n + ahead**2 / np.where(is_known, spread[:, None], 1))
    half_width = stdtrit(n - 2, (1 + COVERAGE) / 2) * deviation * lever
    return mean + slope * ahead, np.where(is_known, half_width, np.inf)


def predicted(history: History, frames_unseen: np.ndarray) -> Prediction:
    """Predicted locations of M tracks unseen for (M,) frames.

    As in the released code a young track divides its interval by the number of times that its
    first observation is repeated: of the depth that is exp(half width), a factor, and the doubt its
    |logarithm|, so that a young track doubts its depth more and its place less. (For a track seen
    once the released code takes the camera's translation for the interval; here it is infinite.)
    """
    value, half_width = ridge_prediction(
        history.times, history.locations, next_times(history, frames_unseen)
    )
    repeats = (history.times == history.times[:, :1]).sum(1)
    return Prediction(
        value[:, :2],
        value[:, 2],
        np.hypot(*half_width[:, :2].T) / repeats,
        np.abs(half_width[:, 2] - np.log(repeats)),
    )

"""The life of PHALP's tracks, counted in frames.

    TENTATIVE -- confirm_hits --> CONFIRMED (published as OCCLUDED in images that do not show it)
        | unseen once                 | unseen for more than max_age frames
        +----------> LOST <-----------+

At another frame rate this is another tracker: what the default tracker's seconds are there for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...batch import Batch
from ...types import TrackState


@dataclass(frozen=True)
class Lives(Batch):
    """M tracks, in the order of their ids."""

    ids: np.ndarray  #: (M,) uint32
    states: np.ndarray  #: (M,) uint8, TrackState: TENTATIVE, CONFIRMED, LOST
    hits: np.ndarray  #: (M,) int64, frames that showed the person
    ages: np.ndarray  #: (M,) int64, frames since the first one, which counts
    frames_unseen: np.ndarray  #: (M,) int64, since the person was last seen

    @property
    def is_alive(self) -> np.ndarray:
        """(M,) bool."""
        return self.states != TrackState.LOST


def born(first_id: int, count: int) -> Lives:
    """`count` people seen for the first time, with ids from `first_id` on."""
    ones = np.ones(count, np.int64)
    return Lives(
        np.arange(first_id, first_id + count, dtype=np.uint32),
        np.full(count, TrackState.TENTATIVE, np.uint8),
        ones, ones, ones - 1,
    )  # fmt: skip


def one_frame_older(lives: Lives, seen: np.ndarray, confirm_hits: int, max_age: int) -> Lives:
    """Lives after a frame that showed the tracks of the (M,) mask `seen`."""
    hits = lives.hits + seen
    frames_unseen = np.where(seen, 0, lives.frames_unseen + 1)
    is_tentative = lives.states == TrackState.TENTATIVE
    is_lost = ~seen & (is_tentative | (frames_unseen > max_age))
    states = np.where(is_tentative & (hits >= confirm_hits), TrackState.CONFIRMED, lives.states)
    states = np.where(is_lost, TrackState.LOST, states).astype(np.uint8)
    return replace(
        lives, states=states, hits=hits, ages=lives.ages + 1, frames_unseen=frames_unseen
    )

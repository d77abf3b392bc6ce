"""The life of tracks: TENTATIVE, CONFIRMED, OCCLUDED, LOST.

    TENTATIVE -- seen in confirm_hits images --> CONFIRMED <-- seen / not seen --> OCCLUDED
        |  unseen for tentative_seconds                     unseen for the patience  |
        +------------------------------------> LOST <---------------------------------+

Ages are differences of integer nanoseconds: uneven steps and dropped frames change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..batch import Batch
from ..config import TrackerConfig
from ..types import TrackState
from .appearance import Colors
from .motion_filter import Motion
from .reidentification import Absent, Shape

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Tracks(Batch):
    """M tracks at one stamp, in the order of their ids."""

    ids: np.ndarray  #: (M,) uint32
    states: np.ndarray  #: (M,) uint8, TrackState
    first_seen_ns: np.ndarray  #: (M,) int64
    last_seen_ns: np.ndarray  #: (M,) int64
    hits: np.ndarray  #: (M,) int64, images that showed the person
    scores: np.ndarray  #: (M,) float32, of the body last seen
    mean_surety: np.ndarray  #: (M,) of all bodies seen, see `confidence`
    missed_ns: np.ndarray  #: (M,) int64, since the last sight while the camera looked there
    person_ids: np.ndarray  #: (M,) uint32, final once CONFIRMED
    #: (M,) bool, appeared where somebody out of sight could have been: no sure newcomer.
    may_be_known: np.ndarray
    motion: Motion
    colors: Colors
    shape: Shape

    @classmethod
    def empty(cls, num_points: int, num_betas: int = 10) -> Tracks:
        motion = Motion(*(np.zeros((0, *s)) for s in ((6,), (6, 6), (3, 2), (3, 2, 2))))
        colors, shape = Colors.unseen(0, num_points), Shape.of(np.zeros((0, num_betas)))
        none = np.zeros(0)
        known = np.zeros(0, bool)
        return born(1, none.astype(np.float32), none, known, motion, colors, shape, 0)

    @property
    def is_tentative(self) -> np.ndarray:
        """(M,) bool."""
        return self.states == TrackState.TENTATIVE

    @property
    def is_alive(self) -> np.ndarray:
        """(M,) bool."""
        return self.states != TrackState.LOST


def born(
    first_id: int,
    scores: np.ndarray,
    surety: np.ndarray,
    may_be_known: np.ndarray,
    motion: Motion,
    colors: Colors,
    shape: Shape,
    stamp_ns: int,
) -> Tracks:
    """Tracks of people seen for the first time, with ids from `first_id` on."""
    n = len(scores)
    ids = np.arange(first_id, first_id + n, dtype=np.uint32)
    stamps = np.full(n, stamp_ns, np.int64)
    return Tracks(
        ids,
        np.full(n, TrackState.TENTATIVE, np.uint8),
        stamps,
        stamps,
        np.ones(n, np.int64),
        np.clip(scores, 0, 1).astype(np.float32),
        surety,
        np.zeros(n, np.int64),
        ids,
        may_be_known,
        motion,
        colors,
        shape,
    )


def grow_older(
    tracks: Tracks,
    seen: np.ndarray,
    scores: np.ndarray,
    surety: np.ndarray,
    is_sure: np.ndarray,
    gone: np.ndarray,
    stamp_ns: int,
    config: TrackerConfig,
) -> Tracks:
    """Tracks after an image in which the (M,) mask `seen` was seen with `scores` (M,), `surety`
    (M,).

    is_sure: (M,) whom the second image confirms. `gone` (M,) ends tracks whatever their age. An
    image shown twice (the same stamp) counts once.
    """
    hits = tracks.hits + (seen & (tracks.last_seen_ns < stamp_ns))
    last_seen_ns = np.where(seen, stamp_ns, tracks.last_seen_ns)
    established = ~tracks.is_tentative | (
        seen
        & (hits >= np.where(is_sure, min(2, config.confirm_hits), config.confirm_hits))
        & (stamp_ns - tracks.first_seen_ns >= round(config.confirm_seconds * NANOSECONDS))
    )
    tentative_ns = round(config.tentative_seconds * NANOSECONDS)
    gone = gone | (~established & (stamp_ns - last_seen_ns > tentative_ns))
    states = np.where(
        established,
        np.where(seen, TrackState.CONFIRMED, TrackState.OCCLUDED),
        TrackState.TENTATIVE,
    )
    states = np.where(gone, TrackState.LOST, states)
    return replace(
        tracks,
        states=states.astype(np.uint8),
        last_seen_ns=last_seen_ns,
        hits=hits,
        mean_surety=tracks.mean_surety
        + np.where(seen, (surety - tracks.mean_surety) / np.maximum(hits, 1), 0),
        scores=np.where(seen, np.clip(scores, 0, 1), tracks.scores).astype(np.float32),
        missed_ns=np.where(seen, 0, tracks.missed_ns),
    )


def absentees(tracks: Tracks) -> Absent:
    """What is remembered of people who are LOST."""
    return Absent(tracks.person_ids, tracks.last_seen_ns, tracks.colors, tracks.shape)

"""Whom the last images showed, where, and how their points moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...batch import Batch, joined
from ...geometry.boxes import iou
from ...types import Frame
from .blazepose import Expected, Landmarks
from .landmark_reading import Readings
from .regions import Regions
from .steady_points import PointState, SteadyPoints

#: s for which somebody who was not seen is remembered.
KEPT = 0.5
#: s after which a box is read anew, whatever is remembered of it.
READ_ANEW = 1.0
#: Intersection over union of a person's boxes in two images that follow each other.
SAME_BOX = 0.3
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class _People(Batch):
    boxes_px: np.ndarray
    regions: Regions  #: that the network wants
    seen_ns: np.ndarray
    anew_ns: np.ndarray  #: when the box was last read whatever was remembered
    state: PointState


class LandmarkMemory:
    """Of one camera. Stamps that do not grow, or another camera, empty it. Not thread-safe.

    For each image: `recall`, `expected`, then `steadied`.
    """

    def __init__(self, landmarks: np.ndarray):
        """landmarks: (K,) which of the network's the points are."""
        self._steady = SteadyPoints(landmarks)
        self._people: _People | None = None
        self._frame: tuple[int, int, str] | None = None
        self._stamp_ns = 0
        self._rotation: np.ndarray | None = None  # of the camera in the fixed frame

    def recall(self, frame: Frame, boxes_px: np.ndarray) -> np.ndarray:
        """(N,) whom of the remembered each box (N, 4) shows; -1: nobody."""
        view = (frame.camera.width, frame.camera.height, frame.frame_id)
        if frame.stamp_ns <= self._stamp_ns or view != self._frame:
            self._people = None
        pose = frame.fixed_from_camera
        rotation = None if pose is None else pose.rotation
        people = self._people
        if people is not None:
            people = people.select(frame.stamp_ns - people.seen_ns <= KEPT * _NANOSECONDS)
            turn = None
            if rotation is not None and self._rotation is not None:
                turn = rotation.T @ self._rotation
            seconds = (frame.stamp_ns - self._stamp_ns) / _NANOSECONDS
            self._people = replace(
                people, state=self._steady.predicted(people.state, seconds, turn)
            )
        self._stamp_ns, self._frame, self._rotation = frame.stamp_ns, view, rotation
        who = np.full(len(boxes_px), -1)
        if people is not None and len(people):
            overlap = iou(boxes_px.astype(np.float64), people.boxes_px)
            rows, columns = linear_sum_assignment(-overlap)
            same = overlap[rows, columns] >= SAME_BOX
            who[rows[same]] = columns[same]
        return who

    def expected(self, who: np.ndarray, boxes_px: np.ndarray) -> Expected | None:
        """Where to read the people of N boxes, of whom `recall` said who they are; None: nobody is
        remembered."""
        known, count = np.flatnonzero(who >= 0), len(who)
        if self._people is None or not len(known):
            return None
        old = self._people.select(who[known])
        before, now = (b.reshape(-1, 2, 2).mean(1) for b in (old.boxes_px, boxes_px[known]))
        regions = Regions(np.zeros((count, 2)), np.ones(count), np.zeros(count))
        moved = replace(old.regions, centers=old.regions.centers + now - before)
        is_due = np.zeros(count, bool)
        is_due[known] = self._stamp_ns - old.anew_ns > READ_ANEW * _NANOSECONDS
        return Expected(regions.with_rows(known, moved), who >= 0, is_due)

    def steadied(
        self,
        who: np.ndarray,
        boxes_px: np.ndarray,
        landmarks: Landmarks,
        read: Callable[[Landmarks], Readings],
    ) -> tuple[Landmarks, Readings]:
        """Landmarks of N people, in boxes (N, 4), named by the sides that fit those before, and
        readings between what `read` makes of them and what was expected. They are remembered."""
        readings, count = read(landmarks), len(who)
        state = self._steady.begun(readings)
        seen_ns = np.full(count, self._stamp_ns)
        anew_ns = seen_ns.copy()
        known = np.flatnonzero(who >= 0)
        others = self._people
        if others is not None and len(known):
            old = others.select(who[known])
            seconds = (self._stamp_ns - old.seen_ns) / _NANOSECONDS
            found, named, steady = self._steady.steadied(
                old.state, seconds, landmarks.select(known), read
            )
            state = state.with_rows(known, found)
            landmarks = landmarks.with_rows(known, named)
            readings = readings.with_rows(known, steady)
            is_due = self._stamp_ns - old.anew_ns > READ_ANEW * _NANOSECONDS
            anew_ns[known[~is_due]] = old.anew_ns[~is_due]
        seen = _People(boxes_px.astype(np.float64), landmarks.wanted, seen_ns, anew_ns, state)
        if others is not None:
            unseen = np.setdiff1d(np.arange(len(others)), who)
            seen = joined((seen, others.select(unseen)))
        self._people = seen
        return landmarks, readings

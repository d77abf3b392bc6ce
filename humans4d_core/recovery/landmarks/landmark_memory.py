"""Whom the last images showed, where, and how their points moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...batch import Batch, joined
from ...geometry.boxes import same_boxes
from ...types import Frame
from .blazepose import Expected, Landmarks
from .landmark_reading import Readings
from .regions import Regions, turn_size
from .second_look import LEAST_OVERLAP, box_overlap
from .steady_points import PointState, SteadyPoints

#: s for which somebody who was not seen is remembered.
KEPT = 0.5
#: s after which a box is read anew whose person leans by more than TURNED (rad) as remembered: a
#: region that is turned the wrong way often shows somebody, too.
READ_ANEW, TURNED = 1.0, 0.5
#: Intersection over union of a person's boxes in two images that follow each other.
SAME_BOX = 0.3
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class _People(Batch):
    boxes_px: np.ndarray
    regions: Regions  #: that the network wants
    leads: np.ndarray  #: bool: the reading was good enough to say where to read next
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
        self._view = (0, 0, "")  # size of the image, and its frame
        self._stamp_ns = 0
        self._rotation: np.ndarray | None = None  # of the camera in the fixed frame

    def recall(self, frame: Frame, boxes_px: np.ndarray) -> np.ndarray:
        """(N,) whom of the remembered each box (N, 4) shows; -1: nobody."""
        view = (frame.camera.width, frame.camera.height, frame.frame_id)
        if frame.stamp_ns <= self._stamp_ns or view != self._view:
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
        self._stamp_ns, self._view, self._rotation = frame.stamp_ns, view, rotation
        who = np.full(len(boxes_px), -1)
        if people is not None and len(people):
            rows, columns = same_boxes(boxes_px, people.boxes_px, SAME_BOX)
            who[rows] = columns
        return who

    def expected(self, who: np.ndarray, boxes_px: np.ndarray) -> Expected | None:
        """Where to read the people of N boxes, of whom `recall` said who they are; None: nobody is
        remembered."""
        if self._people is None or not (who >= 0).any():
            return None
        count, is_known = len(who), who >= 0
        is_known[is_known] = self._people.leads[who[is_known]]
        known = np.flatnonzero(is_known)
        old = self._people.select(who[known])
        before, now = (b.reshape(-1, 2, 2).mean(1) for b in (old.boxes_px, boxes_px[known]))
        regions = Regions(np.zeros((count, 2)), np.ones(count), np.zeros(count))
        moved = replace(old.regions, centers=old.regions.centers + now - before)
        is_due = np.zeros(count, bool)
        is_due[known] = self._is_due(old)
        return Expected(regions.with_rows(known, moved), is_known, is_due)

    def _is_due(self, people: _People) -> np.ndarray:
        leans = turn_size(people.regions.angles) > TURNED
        return leans & (self._stamp_ns - people.anew_ns > READ_ANEW * _NANOSECONDS)

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
                old.state, seconds, landmarks.select(known), readings.select(known), read
            )
            state = state.with_rows(known, found)
            landmarks = landmarks.with_rows(known, named)
            readings = readings.with_rows(known, steady)
            kept = ~self._is_due(old) & old.leads
            anew_ns[known[kept]] = old.anew_ns[kept]
        boxes, (width, height, _) = boxes_px.astype(np.float64), self._view
        leads = box_overlap(landmarks.pixels, boxes, width, height).diagonal() >= LEAST_OVERLAP
        # Where it took one side for the other it would do so again.
        leads &= ~state.is_overruled
        seen = _People(boxes, landmarks.wanted, leads, seen_ns, anew_ns, state)
        if others is not None:
            unseen = np.setdiff1d(np.arange(len(others)), who)
            seen = joined((seen, others.select(unseen)))
        self._people = seen
        return landmarks, readings

"""Recovers as many people of an image as a time allows; the others keep their bodies so long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...batch import Batch, joined
from ...geometry.boxes import iou
from ...types import Bodies, Detections, Frame
from ..body_recovery import Recovery
from .carried_bodies import carried, shape_change
from .recovery_cost import RecoveryCost

#: s after which somebody who was not seen is forgotten, and after which a pose is due.
KEPT, DUE = 1.0, 1.0
#: Intersection over union of a person's boxes in two images that follow each other.
SAME_BOX = 0.3
#: m: who is as near as that is as urgent as somebody far away whose pose is twice as old.
NEAR = 2.0
#: Change of a box's logarithm of width to height that makes as urgent as that.
CHANGED = 0.2
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class _Known(Batch):
    """People of the last images."""

    boxes_px: np.ndarray  #: (N, 4) last
    seen_ns: np.ndarray  #: (N,) int64, when
    recovered_ns: np.ndarray  #: (N,) int64, when `bodies` were recovered
    bodies: Bodies


class BudgetedRecovery:
    """Another recovery, within `seconds` an image as far as its cost is known.

    In turn come: who is new; whose pose is DUE; then the older, nearer and more doubtful ones, and
    those whose box has changed its shape. The others have the body of their last turn, moved to
    their box (`Bodies.pose_age`). New people beyond the time are left out, so the pipeline stands
    them up. Stamps that do not grow, or another camera, begin anew: everybody is recovered.
    """

    def __init__(
        self, recovery: Recovery, seconds: float, clock: Callable[[], float] = time.perf_counter
    ):
        self._recovery, self._seconds, self._clock = recovery, seconds, clock
        self.name, self.body, self.device = recovery.name, recovery.body, recovery.device
        limit = "as time allows" if np.isinf(seconds) else f"{1e3 * seconds:g} ms an image"
        self.description = f"{recovery.description}; {limit}, in turn"
        self._next = np.inf  # s that the next image may take
        self._cost = RecoveryCost()
        self._known: _Known | None = None
        self._view, self._stamp_ns = (0, 0, ""), 0

    def limit(self, seconds: float) -> None:
        """How long the next image may take, where that is less than every image may."""
        self._next = seconds

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        seconds, self._next = min(self._seconds, self._next), np.inf
        view = (frame.camera.width, frame.camera.height, frame.frame_id)
        if frame.stamp_ns <= self._stamp_ns or view != self._view:
            self._known = None
        self._view, self._stamp_ns = view, frame.stamp_ns
        known = self._recent()
        who = _same_people(detections, known)
        most = self._cost.people_within(seconds)
        rows = np.arange(len(detections))
        # Without a memory nobody can wait: of new people all are recovered.
        if known is None or most is None or len(rows) <= most:
            chosen = rows
        else:
            chosen = np.sort(np.argsort(-self._urgency(detections, who, known))[:most])
        fresh = self._timed(frame, detections.select(chosen))
        waiting = np.setdiff1d(rows, chosen)
        waiting = waiting[who[waiting] >= 0]
        parts, places = [fresh], [chosen[_rows_of(fresh, detections.select(chosen))]]
        recovered = [np.full(len(fresh), frame.stamp_ns)]
        remembered = [fresh]
        if len(waiting) and known is not None:
            of = known.select(who[waiting])
            age = (frame.stamp_ns - of.recovered_ns) / _NANOSECONDS
            boxes, scores = detections.boxes_px[waiting], detections.scores[waiting]
            parts.append(carried(of.bodies, boxes, scores, frame.camera, age))
            places.append(waiting)
            recovered.append(of.recovered_ns)
            remembered.append(of.bodies)
        order = np.argsort(np.concatenate(places), kind="stable")
        bodies = joined(parts).select(order)
        self._known = _Known(
            bodies.boxes_px,
            np.full(len(bodies), frame.stamp_ns),
            np.concatenate(recovered)[order],
            joined(remembered).select(order),
        )
        if known is not None:
            gone = np.setdiff1d(np.arange(len(known)), who)
            self._known = joined([self._known, known.select(gone)])
        return bodies

    def _timed(self, frame: Frame, detections: Detections) -> Bodies:
        start = self._clock()
        bodies = self._recovery.recover(frame, detections)
        if len(detections):
            self._cost.add(len(detections), self._clock() - start)
        return replace(bodies, pose_age=np.zeros(len(bodies), np.float32))

    def _recent(self) -> _Known | None:
        known = self._known
        if known is None:
            return None
        recent = known.select(self._stamp_ns - known.seen_ns <= KEPT * _NANOSECONDS)
        return recent if len(recent) else None

    def _urgency(self, detections: Detections, who: np.ndarray, known: _Known) -> np.ndarray:
        """(N,) of each detection: the larger, the sooner."""
        urgency = np.full(len(who), np.inf)
        rows = np.flatnonzero(who >= 0)
        of = known.select(who[rows])
        age = (self._stamp_ns - of.recovered_ns) / _NANOSECONDS
        distance = np.linalg.norm(of.bodies.pelvis_cam, axis=1)
        doubt = 1 - of.bodies.joint_probability.mean(1)
        shape = shape_change(of.bodies.boxes_px, detections.boxes_px[rows]) / CHANGED
        weight = 1 + NEAR / np.maximum(distance, 0.1) + doubt + shape
        urgency[rows] = np.where(age >= DUE, 1e6 + age, age * weight)
        return urgency


def _same_people(detections: Detections, known: _Known | None) -> np.ndarray:
    """(N,) which of the known each detection is; -1: none."""
    who = np.full(len(detections), -1)
    if known is not None and len(detections):
        overlap = iou(detections.boxes_px.astype(float), known.boxes_px)
        rows, columns = linear_sum_assignment(-overlap)
        same = overlap[rows, columns] >= SAME_BOX
        who[rows[same]] = columns[same]
    return who


def _rows_of(bodies: Bodies, detections: Detections) -> np.ndarray:
    """(K,) which detection each body is of: bodies come in their order, some are left out."""
    same = (bodies.boxes_px[:, None] == detections.boxes_px[None]).all(-1)
    return same.argmax(1) if len(bodies) else np.zeros(0, int)

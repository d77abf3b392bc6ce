"""Recovers as many people of an image as a time allows; the others keep their bodies so long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...batch import joined
from ...types import Bodies, Detections, Frame
from ..body_recovery import Recovery
from .carried_bodies import carried, shape_change
from .known_people import Known, KnownPeople
from .recovery_cost import RecoveryCost

#: s after which a pose is due.
DUE = 1.0
#: Times that a box of which no body came is taken for a new one: one image in which somebody cannot
#: be read is no reason to wait.
RETRIES = 2
#: m: who is as near as that is as urgent as somebody far away whose pose is twice as old.
NEAR = 2.0
#: Change of a box's logarithm of width to height that makes as urgent as that.
CHANGED = 0.2


class BudgetedRecovery:
    """Another recovery, within `seconds` an image as far as its cost is known.

    In turn come: who is new; whose pose is DUE; then the older, nearer and more doubtful ones, and
    those whose box has changed its shape. The others have the body of their last turn, moved to
    their box (`Bodies.pose_age`). Boxes of which nothing was made several times come in turn like
    all others. New people beyond the time are left out, so the pipeline stands them up. Stamps that
    do not grow, or another camera, begin anew: everybody is recovered.
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
        self._people = KnownPeople()

    def limit(self, seconds: float) -> None:
        """How long the next image may take, where that is less than every image may."""
        self._next = seconds

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        seconds, self._next = min(self._seconds, self._next), np.inf
        known = self._people.recalled(frame, detections.boxes_px)
        most = self._cost.people_within(seconds)
        chosen = np.arange(len(detections))
        # Where nobody is known nobody can wait.
        if known.is_known.any() and most is not None and len(chosen) > most:
            chosen = np.sort(np.argsort(-_urgency(detections, known), kind="stable")[:most])
        asked = detections.select(chosen)
        fresh = self._timed(frame, asked)
        rows = chosen[_rows_of(fresh, asked)]
        waiting = np.setdiff1d(np.flatnonzero(known.has_body), chosen)
        older = known.bodies_of(waiting)
        parts, places, recovered = [fresh], np.concatenate((rows, waiting)), [fresh]
        if older is not None:
            boxes, scores = detections.boxes_px[waiting], detections.scores[waiting]
            age, turns = known.ages[waiting], known.turns[waiting]
            parts.append(carried(older, boxes, scores, frame.camera, age, turns))
            recovered.append(older)
        order = np.argsort(places, kind="stable")
        self._people.remember(
            detections.boxes_px, known, chosen, places[order], joined(recovered).select(order)
        )
        return joined(parts).select(order)

    def _timed(self, frame: Frame, detections: Detections) -> Bodies:
        start = self._clock()
        bodies = self._recovery.recover(frame, detections)
        if len(detections):
            self._cost.add(len(detections), self._clock() - start)
        return replace(bodies, pose_age=np.zeros(len(bodies), np.float32))


def _urgency(detections: Detections, known: Known) -> np.ndarray:
    """(N,) of each detection: the larger, the sooner."""
    is_new = ~known.is_known | (~known.has_body & (known.failed <= RETRIES))
    urgency = np.where(is_new, np.inf, known.ages)
    rows = np.flatnonzero(known.has_body)
    bodies = known.bodies_of(rows)
    if bodies is not None:
        distance = np.linalg.norm(bodies.pelvis_cam, axis=1)
        shape = shape_change(bodies.boxes_px, detections.boxes_px[rows]) / CHANGED
        doubt = 1 - bodies.joint_probability.mean(1)
        urgency[rows] *= 1 + NEAR / np.maximum(distance, 0.1) + doubt + shape
    return np.where(~is_new & (known.ages >= DUE), 1e6 + known.ages, urgency)


def _rows_of(bodies: Bodies, detections: Detections) -> np.ndarray:
    """(K,) which detection each body is of: bodies come in their order, some are left out."""
    same = (bodies.boxes_px[:, None] == detections.boxes_px[None]).all(-1)
    return same.argmax(1) if len(bodies) else np.zeros(0, int)

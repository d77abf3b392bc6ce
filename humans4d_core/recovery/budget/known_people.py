"""Whom the last images showed, when each had a turn, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...batch import Batch, joined
from ...geometry.boxes import same_boxes
from ...types import Bodies, Frame

#: s after which somebody who was not seen is forgotten.
KEPT = 1.0
#: Intersection over union of a person's boxes in two images that follow each other.
SAME_BOX = 0.3
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class _Seen(Batch):
    """Boxes of the last images."""

    boxes_px: np.ndarray  #: (M, 4) last
    seen_ns: np.ndarray  #: (M,) int64, when
    asked_ns: np.ndarray  #: (M,) int64, when the recovery was asked
    rotations: np.ndarray  #: (M, 3, 3) of the camera then, in the fixed frame; NaN: unknown
    body: np.ndarray  #: (M,) row in the bodies that it made; -1: none
    failed: np.ndarray  #: (M,) how often in a row no body came of it


@dataclass(frozen=True)
class Known:
    """What is known of N boxes of an image."""

    ages: np.ndarray  #: (N,) s since it was asked
    turns: np.ndarray  #: (N, 3, 3) how the camera has turned since, new axes from old
    who: np.ndarray  #: (N,) row among those remembered; -1: none
    rows: np.ndarray  #: (N,) row of the body; -1: none
    failed: np.ndarray  #: (N,) how often in a row no body came of it
    bodies: Bodies | None

    @property
    def is_known(self) -> np.ndarray:
        """(N,) bool: the recovery has been asked about the box before."""
        return self.who >= 0

    @property
    def has_body(self) -> np.ndarray:
        """(N,) bool: and a body came of it."""
        return self.rows >= 0

    def bodies_of(self, rows: np.ndarray) -> Bodies | None:
        """As they were recovered; None: no rows are asked for."""
        if self.bodies is None or not len(rows):
            return None
        return self.bodies.select(self.rows[rows])


class KnownPeople:
    """Of one camera. Stamps that do not grow, or another camera, empty it."""

    def __init__(self) -> None:
        self._seen: _Seen | None = None
        self._bodies: Bodies | None = None
        self._view, self._stamp_ns = (0, 0, ""), 0
        self._rotation = np.full((3, 3), np.nan)

    def recalled(self, frame: Frame, boxes_px: np.ndarray) -> Known:
        """Whom the boxes (N, 4) of an image show."""
        view = (frame.camera.width, frame.camera.height, frame.frame_id)
        if frame.stamp_ns <= self._stamp_ns or view != self._view:
            self._seen = self._bodies = None
        self._view, self._stamp_ns = view, frame.stamp_ns
        pose, count = frame.fixed_from_camera, len(boxes_px)
        self._rotation = np.full((3, 3), np.nan) if pose is None else pose.rotation
        who, rows, ages = np.full(count, -1), np.full(count, -1), np.zeros(count)
        turns, failed = np.tile(np.eye(3), (count, 1, 1)), np.zeros(count, int)
        if self._seen is not None:
            recent = frame.stamp_ns - self._seen.seen_ns <= KEPT * _NANOSECONDS
            seen = self._seen = self._seen.select(recent)
            boxes, others = same_boxes(boxes_px, seen.boxes_px, SAME_BOX)
            who[boxes], rows[boxes] = others, seen.body[others]
            failed[boxes] = seen.failed[others]
            ages[boxes] = (frame.stamp_ns - seen.asked_ns[others]) / _NANOSECONDS
            turned = self._rotation.T @ seen.rotations[others]
            is_told = np.isfinite(turned).all((1, 2), keepdims=True)
            turns[boxes] = np.where(is_told, turned, np.eye(3))
        return Known(ages, turns, who, rows, failed, self._bodies)

    def remember(
        self,
        boxes_px: np.ndarray,
        known: Known,
        asked: np.ndarray,
        of_bodies: np.ndarray,
        bodies: Bodies,
    ) -> None:
        """The image that was recalled last: the rows of its boxes (N, 4) of which the recovery was
        `asked`, and its `bodies`, as recovered, with the rows of their boxes."""
        old, count = self._seen, len(boxes_px)
        body = np.full(count, -1)
        body[of_bodies] = np.arange(len(of_bodies))
        asked_ns = np.full(count, self._stamp_ns)
        rotations = np.tile(self._rotation, (count, 1, 1))
        kept = known.is_known.copy()
        kept[asked] = False
        if old is not None:
            asked_ns[kept] = old.asked_ns[known.who[kept]]
            rotations[kept] = old.rotations[known.who[kept]]
        # Of new boxes that had no turn nothing is known.
        told = known.is_known.copy()
        told[asked] = True
        failed = known.failed.copy()
        failed[asked] = np.where(body[asked] < 0, failed[asked] + 1, 0)
        seen = _Seen(boxes_px, np.full(count, self._stamp_ns), asked_ns, rotations, body, failed)
        seen = seen.select(told)
        if old is not None and self._bodies is not None:
            gone = old.select(np.setdiff1d(np.arange(len(old)), known.who))
            shifted = np.where(gone.body >= 0, gone.body + len(bodies), -1)
            seen = joined([seen, replace(gone, body=shifted)])
            bodies = joined([bodies, self._bodies])
        self._seen, self._bodies = _compact(seen, bodies)


def _compact(seen: _Seen, bodies: Bodies) -> tuple[_Seen, Bodies]:
    """Without the bodies that nobody has."""
    has = seen.body >= 0
    body = np.full(len(seen), -1)
    body[has] = np.arange(int(has.sum()))
    return replace(seen, body=body), bodies.select(seen.body[has])

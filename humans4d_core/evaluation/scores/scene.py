"""What was published of a clip beside what is true, and who is who."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...geometry.boxes import iou
from ...types import TrackState
from ..results.image_table import ImageRows
from ..results.people_table import PeopleRows
from ..truth import Truth

#: m on the ground at which two places have nothing in common; half of it is one person's. 2 m is
#: TrackEval's default for points.
ZERO_DISTANCE = 2.0
NOBODY = -1


@dataclass(frozen=True)
class Scene:
    """One clip at the images that its truth is of."""

    name: str
    images: ImageRows  #: F rows, all of the clip
    people: PeopleRows  #: at the images of the truth, all states
    truth: Truth
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, name: str, images: ImageRows, people: PeopleRows, truth: Truth) -> Scene:
        """Only what is published at images of which the truth is known."""
        within = np.isin(people.frame, truth.frames)
        # Hours of people are not copied for nothing.
        return cls(name, images, people if within.all() else people.select(within), truth)

    @cached_property
    def without_joints(self) -> PeopleRows:
        """`people`, whose joints are most of their bytes, without them."""
        count = len(self.people)
        return replace(
            self.people, joints_cam=np.zeros((count, 0, 3), np.float32),
            joint_confidence=np.zeros((count, 0), np.float32),
        )  # fmt: skip

    @cached_property
    def believed_rows(self) -> np.ndarray:
        """Rows of `people` who were CONFIRMED: published as seen."""
        return np.flatnonzero(self.people.state == TrackState.CONFIRMED)

    @cached_property
    def believed(self) -> PeopleRows:
        """The people of `believed_rows`, without joints."""
        return self.without_joints.select(self.believed_rows)

    def once(self, name: Any, compute: Callable[[], Any]) -> Any:
        """What several figures are told from is computed once."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]

    def believed_matches(self, by_place: bool) -> np.ndarray:
        """`matched` of the people who were published as seen."""
        found = self.once(("matches", by_place), lambda: self.matched(self.believed, by_place))
        return np.asarray(found)

    @cached_property
    def minutes(self) -> float:
        """That the truth is of."""
        share = len(np.unique(self.truth.frames)) / max(len(self.images), 1)
        return self.images.seconds * share / 60

    def image_rows(self, frames: np.ndarray) -> np.ndarray:
        """Rows of `images` for frame numbers (R,)."""
        order = np.argsort(self.images.frame, kind="stable")
        return np.asarray(order[np.searchsorted(self.images.frame[order], frames)])

    @cached_property
    def planes(self) -> np.ndarray:
        """(F, 2, 3): the level axes forward and right of each image's camera.

        By the truth's direction of gravity, else the run's own, else the camera counts as level.
        """
        up = self.images.up_or_level
        if self.truth.up_cam is not None:
            up = np.broadcast_to(self.truth.up_cam, up.shape)
        return level_axes(up)

    def matched(self, people: PeopleRows, by_place: bool, least: float = 0.5) -> np.ndarray:
        """Row of the truth (R,) that each row of people shows, NOBODY where none.

        As CLEAR MOT matches: who was shown by an id in the image before stays with it while they
        are alike by `least`; the others are assigned for the largest likeness. by_place: by the
        distance on the ground, not by boxes.
        """
        found = np.full(len(people), NOBODY)
        before: dict[int, int] = {}
        for there, rows, alike in self.likeness(people, by_place):
            persons = self.truth.rows.person[there]
            alike = np.where((alike < least) | (persons < 0), 0, alike)
            stays = np.array([before.get(i, -(2**62)) for i in people.track_id[rows].tolist()])
            keeps = (stays[:, None] == persons) & (alike > 0)
            i, j = linear_sum_assignment(-(alike + len(rows) * keeps))
            good = alike[i, j] > 0
            found[rows[i[good]]] = there[j[good]]
            ids = people.track_id[rows[i[good]]].tolist()
            before = dict(zip(ids, persons[j[good]].tolist(), strict=True))
        return found

    def is_ignored(self, people: PeopleRows, matched: np.ndarray, by_place: bool) -> np.ndarray:
        """(R,) bool: rows that show somebody who does not count, or lie in a region (a true row of
        a person below 0) of which nothing is known."""
        counts = np.append(self.truth.rows.counts, True)  # NOBODY is the last
        ignored = ~counts[matched]
        if by_place or not (self.truth.rows.person < 0).any():
            return np.asarray(ignored)
        for there, rows, alike in self.likeness(people, by_place):
            regions = self.truth.rows.person[there] < 0
            inside = (alike[:, regions] > 0.5).any(1)
            ignored[rows] |= inside & (matched[rows] == NOBODY)
        return np.asarray(ignored)

    def likeness(
        self, people: PeopleRows, by_place: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Of each image of the truth: rows of the truth (T,), of people (N,), likeness (N, T)."""
        truth = self.truth.rows
        known = np.isfinite(truth.place_cam if by_place else truth.box).all(1)
        those = np.flatnonzero(known)
        planes = self.planes[self.image_rows(np.unique(self.truth.frames))]
        for k, (there, rows) in enumerate(
            by_frame(self.truth.frames, truth.frame[those], people.frame)
        ):
            there = those[there]
            if by_place:
                between = people.pelvis_cam[rows][:, None] - truth.place_cam[there][None]
                distance = np.linalg.norm(between @ planes[k].T, axis=-1)
                alike = np.maximum(1 - distance / ZERO_DISTANCE, 0)
            else:
                alike = box_likeness(people.box[rows], truth.box[there], truth.person[there])
            yield there, rows, alike


def box_likeness(boxes: np.ndarray, others: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Intersection over union (N, T) of boxes (N, 4) and true ones (T, 4); of a region (a person
    below 0) the share of the box in it."""
    boxes = boxes.astype(np.float64)
    alike = iou(boxes, others)
    is_region = persons < 0
    if is_region.any() and len(boxes):
        low = np.maximum(boxes[:, None, :2], others[None, is_region, :2])
        high = np.minimum(boxes[:, None, 2:], others[None, is_region, 2:])
        inside = np.maximum(high - low, 0).prod(-1)
        area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(-1), 1e-9)
        alike[:, is_region] = inside / area[:, None]
    return alike


def level_axes(up: np.ndarray) -> np.ndarray:
    """(F, 3) directions against gravity in the camera's axes -> (F, 2, 3) forward and right."""
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    forward = np.array((0.0, 0.0, 1.0)) - up * up[:, 2:]
    # A camera that looks straight down has no forward; the image's upper edge takes its place.
    straight = np.linalg.norm(forward, axis=1) < 1e-3
    forward[straight] = np.array((0.0, -1.0, 0.0))
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    return np.stack((forward, np.cross(forward, up)), axis=1)


def by_frame(frames: np.ndarray, *of_rows: np.ndarray) -> Iterator[list[np.ndarray]]:
    """For each different one of `frames`, in their order, its rows in each of the arrays (R,)."""
    orders = [np.argsort(numbers, kind="stable") for numbers in of_rows]
    wanted = np.unique(frames)
    spans = []
    for numbers, order in zip(of_rows, orders, strict=True):
        ordered = numbers[order]
        spans.append((
            np.searchsorted(ordered, wanted), np.searchsorted(ordered, wanted, side="right")
        ))  # fmt: skip
    for k in range(len(wanted)):
        yield [
            order[start[k] : stop[k]] for order, (start, stop) in zip(orders, spans, strict=True)
        ]

"""When a list is due: cameras have rates and clocks of their own, and messages come late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import Humans4dError
from ..types import People
from .people_fusion import PeopleFusion

#: s by which messages of cameras with one clock may differ in how late they come.
LATENCIES = 1.0
#: People of one camera at most: time grows with the square of all.
MOST_PEOPLE = 200
#: s by which stamps go back when time has jumped, as where a bag begins again.
RESTART = 1.0


@dataclass
class CameraRecord:
    """One camera's messages."""

    received: int = 0
    late: int = 0  #: left out: older than the newest of all by more than `late`
    unordered: int = 0  #: left out: not later than the one before
    other_clock: int = 0  #: left out: stamps of another clock than the others'
    refused: int = 0  #: left out: what they say cannot be fused with the others'
    reason: str = ""  #: why the last one was refused
    crowded: int = 0  #: people left out: more than MOST_PEOPLE in a message
    clock_ahead: float = 0.0  #: s by which the last stamp is ahead of the others' clock
    clock: float | None = None  #: s, stamps less the steady clock
    is_foreign: bool = False  #: the last stamp is of another clock than the others'
    heard: float | None = None  #: s of the steady clock when the last one came
    stamp_ns: int = 0
    people: int = 0  #: in the last one


class ListRounds:
    """Takes each camera's messages as they come, and gives the lists that they complete.

    A list is due when every camera that is not silent has told of its people since the last list,
    when one of them tells again, or `window` s after the first did. It is of the newest stamp that
    it has; what comes later than that belongs to the next. Times `now` are s of a steady clock.
    """

    def __init__(self, fusion: PeopleFusion, cameras: int):
        self.fusion = fusion
        self.cameras = [CameraRecord() for _ in range(cameras)]
        self.restarts = 0
        self._waiting: dict[int, float] = {}  # cameras of the next list, and when they told
        self._newest_ns = self._last_ns = 0

    def take(
        self,
        camera: int,
        people: People,
        stamp_ns: int,
        position: np.ndarray | None,
        now: float,
        clock: float,
    ) -> list[tuple[int, People]]:
        """Lists, each with its stamp, that this message makes due.

        people: in the common frame; position: the camera's in it, (3,) m, or None; clock: s, what
        stamps of now are thought to be, which decides where two cameras have different clocks.
        """
        record = self.cameras[camera]
        record.received += 1
        record.heard, record.clock = now, stamp_ns * 1e-9 - now
        lists = self._without_foreign(now, clock - now)
        if record.is_foreign:
            record.other_clock += 1
            return lists
        if stamp_ns < self._newest_ns - round(RESTART * 1e9) and stamp_ns <= record.stamp_ns:
            lists += self._restart()
        elif stamp_ns <= record.stamp_ns:
            record.unordered += 1
            return lists
        elif stamp_ns < self._newest_ns - round(self.fusion.config.late * 1e9):
            record.late += 1
            return lists
        if camera in self._waiting:
            lists += self._list()
        if len(people) > MOST_PEOPLE:
            record.crowded += len(people) - MOST_PEOPLE
            surest = np.argsort(-np.nan_to_num(people.confidence), kind="stable")[:MOST_PEOPLE]
            people = people.select(np.sort(surest))
        try:
            self.fusion.take(camera, people, stamp_ns, position)
        except Humans4dError as error:
            record.refused += 1
            record.reason = str(error)
            return lists
        record.stamp_ns, record.people = stamp_ns, len(people)
        self._newest_ns = max(self._newest_ns, stamp_ns)
        self._waiting[camera] = now
        if all(n in self._waiting for n in range(len(self.cameras)) if self.is_live(n, now)):
            lists += self._list()
        return lists

    def wait_over(self, now: float) -> list[tuple[int, People]]:
        """The list that has waited long enough, where there is one; forgets silent cameras."""
        for camera in range(len(self.cameras)):
            if not self.is_live(camera, now):
                self.fusion.forget(camera)
        if not self._waiting or now - min(self._waiting.values()) < self.fusion.config.window:
            return []
        return self._list()

    def is_live(self, camera: int, now: float) -> bool:
        """Whether a camera has told of its people within `silent` s."""
        heard = self.cameras[camera].heard
        silent = self.fusion.config.silent
        return heard is not None and now - heard <= silent and not self.cameras[camera].is_foreign

    def _without_foreign(self, now: float, clock: float) -> list[tuple[int, People]]:
        """Leaves out cameras of another clock than most, of as many those farther from `clock`: s,
        stamps less the steady clock. Where they have set the time so far, it begins anew."""
        fusion = self.fusion
        heard = [
            n for n, each in enumerate(self.cameras)
            if each.heard is not None and now - each.heard <= fusion.config.silent
        ]  # fmt: skip
        clocks = np.array([self.cameras[n].clock for n in heard])
        is_apart = np.abs(clocks[:, None] - clocks[None]) > fusion.config.late + LATENCIES
        best = np.lexsort((np.abs(clocks - clock), is_apart.sum(1)))[0]
        for camera, foreign in zip(heard, is_apart[best].tolist(), strict=True):
            record = self.cameras[camera]
            record.is_foreign = foreign
            record.clock_ahead = float(record.clock - clocks[best]) if record.clock else 0.0
            if foreign and record.stamp_ns:
                record.stamp_ns = 0
                fusion.forget(camera)
                self._waiting.pop(camera, None)
        self._newest_ns = max(each.stamp_ns for each in self.cameras)
        if self._last_ns > self._newest_ns + round(RESTART * 1e9) and is_apart.any():
            return self._restart()
        return []

    def _list(self) -> list[tuple[int, People]]:
        stamp_ns = max(self.cameras[camera].stamp_ns for camera in self._waiting)
        self._waiting = {}
        if stamp_ns <= self._last_ns:  # all of it was late: it belongs to the next list
            return []
        self._last_ns = stamp_ns
        people = self.fusion.people(stamp_ns)
        return [] if people is None else [(stamp_ns, people)]

    def _restart(self) -> list[tuple[int, People]]:
        """Time has jumped back: everybody is LOST, and ids go on."""
        self.restarts += 1
        lost = self.fusion.end()
        lists = [] if lost is None else [(self._last_ns + 1000, lost)]
        self._waiting, self._newest_ns, self._last_ns = {}, 0, 0
        for record in self.cameras:
            record.stamp_ns = 0
        return lists

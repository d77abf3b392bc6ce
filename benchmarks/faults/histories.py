"""What must hold from one message to the next: identities, time, and what displays still show.

Each class has `update(message)`, which returns sentences, one for each thing that is wrong.
"""

from __future__ import annotations

from display_invariants import ADD, DELETE, DELETEALL
from invariants import LOST, TENTATIVE, nanoseconds

#: ns; time that goes back by more than this is a beginning (a bag that loops), which nobody lives
#: through. By less, it is an image that came late and must not be seen in the output.
RESTART_NS = 1_000_000_000


class PeopleHistory:
    """Of TrackedPeople."""

    def __init__(self):
        self._stamp: int | None = None
        self._alive: dict[int, int] = {}  # state of each track_id
        self._gone: set[int] = set()
        self._highest_id = 0
        self._num_vertices: int | None = None

    @property
    def alive(self) -> set[int]:
        """track_ids that were not published as LOST."""
        return set(self._alive)

    def body_model(self, num_vertices: int) -> None:
        """What the latched BodyModel says."""
        self._num_vertices = num_vertices

    def update(self, message) -> list[str]:
        wrong = self._wrong_with_time(nanoseconds(message.header.stamp))
        states = {person.track_id: person.state for person in message.people}
        highest = self._highest_id
        for track_id, state in states.items():
            before = self._alive.get(track_id)
            if track_id in self._gone:
                wrong.append(f"track {track_id} (state {state}) comes back after LOST")
            elif before is None and track_id <= highest:
                wrong.append(f"track {track_id} is new, but not above {highest}")
            if before not in (None, TENTATIVE) and state == TENTATIVE:
                wrong.append(f"track {track_id} goes from state {before} back to TENTATIVE")
            self._highest_id = max(self._highest_id, track_id)
        vanished = set(self._alive) - set(states)
        wrong += [f"track {track_id} vanishes without LOST" for track_id in sorted(vanished)]
        self._gone |= vanished | {i for i, state in states.items() if state == LOST}
        self._alive = {i: state for i, state in states.items() if state != LOST}
        for person in message.people:
            count = len(person.vertices)
            if count and self._num_vertices is not None and count != 3 * self._num_vertices:
                wrong.append(f"{count} numbers of {self._num_vertices} vertices")
        return wrong

    def _wrong_with_time(self, stamp: int) -> list[str]:
        before, self._stamp = self._stamp, stamp
        if before is None or stamp > before:
            return []
        if stamp == before:
            return ["the same stamp twice"]
        if before - stamp <= RESTART_NS:
            return [f"the stamp goes back by {(before - stamp) * 1e-9:g} s"]
        if self._alive:
            return [f"time begins anew but tracks {sorted(self._alive)} were not LOST before"]
        return []


class TransformHistory:
    """Of the node's TFMessages: tf2 warns of a frame whose time does not go on."""

    def __init__(self):
        self._stamps: dict[str, int] = {}

    def update(self, message) -> list[str]:
        wrong = []
        for transform in message.transforms:
            name, stamp = transform.child_frame_id, nanoseconds(transform.header.stamp)
            if stamp <= self._stamps.get(name, -1):
                wrong.append(f"TF of {name} does not go on in time")
            self._stamps[name] = stamp
        return wrong


class MarkerHistory:
    """Of MarkerArrays: what a display shows."""

    def __init__(self):
        self._shown: set[tuple[str, int]] = set()

    @property
    def shown(self) -> set[tuple[str, int]]:
        """Namespace and id of each marker that was not deleted."""
        return set(self._shown)

    def update(self, message) -> list[str]:
        for marker in message.markers:
            key = marker.ns, marker.id
            if marker.action == DELETEALL:
                self._shown.clear()
            elif marker.action == DELETE:
                self._shown.discard(key)
            elif marker.action == ADD:
                self._shown.add(key)
        return []

"""One camera's messages until they are used: those whose transform is still to come wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from humans4d_msgs.msg import TrackedPeople
from rclpy.serialization import deserialize_message

from humans4d_core.errors import Humans4dError, TransformError
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.io.bags.people_messages import OPTICAL, message_to_people
from humans4d_core.types import People, Pose

#: Messages a second that one camera may send; the others are left out.
MOST_RATE = 120.0
#: Messages of one camera that wait for their transforms at most.
MOST_WAITING = 8

#: Looks a transform up: source frame, stamp (ns) -> pose in the common frame. Raises
#: TransformError.
Lookup = Callable[[str, int], Pose]


@dataclass(frozen=True)
class Arrived:
    """The people of one message in the common frame."""

    people: People
    stamp_ns: int
    camera_position: np.ndarray | None  #: (3,) m; None where the message does not tell


@dataclass
class CameraInbox:
    """Messages of one camera, in the order in which they came."""

    patience: float  #: s for which a message waits for its transform
    on_refused: Callable[[Exception], None]  #: told why a message cannot be used
    last_error: str = ""
    flooded: int = 0  #: left out: more than MOST_RATE
    refused: int = 0  #: left out: not as promised, or without a transform
    _waiting: deque[tuple[float, TrackedPeople]] = field(default_factory=deque)
    _allowance: float = 1.0
    _last: float = 0.0

    def put(self, serialized: bytes, now: float) -> None:
        """A message that came at `now`, s of a steady clock."""
        self._allowance = min(self._allowance + (now - self._last) * MOST_RATE, MOST_RATE / 4)
        self._last = now
        if self._allowance < 1:
            self.flooded += 1
            self.last_error = f"more than {MOST_RATE:g} messages a second: the others are left out"
            return
        self._allowance -= 1
        if len(self._waiting) == MOST_WAITING:
            self._waiting.popleft()
            self.refused += 1
        self._waiting.append((now, deserialize_message(serialized, TrackedPeople)))

    def take(self, lookup: Lookup, now: float) -> Arrived | None:
        """The next that can be used; None: there is none yet."""
        while self._waiting:
            came, message = self._waiting[0]
            try:
                arrived = _arrived(message, lookup)
            except TransformError as error:
                if error.may_still_come and now - came < self.patience:
                    return None
                self._refuse(error)
            except (ValueError, Humans4dError) as error:
                self._refuse(error)
            else:
                self._waiting.popleft()
                return arrived
        return None

    def _refuse(self, error: Exception) -> None:
        self._waiting.popleft()
        self.refused += 1
        self.last_error = str(error)
        self.on_refused(error)


def _arrived(message: TrackedPeople, lookup: Lookup) -> Arrived:
    frame_id, stamp_ns = message.header.frame_id, join_stamp(message.header.stamp)
    pose = lookup(frame_id, stamp_ns)
    people = people_in_coordinate_frame(message_to_people(message), pose)
    position = pose.translation if frame_id.endswith(OPTICAL) else None
    return Arrived(people, stamp_ns, position)

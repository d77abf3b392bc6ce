"""Depth images aligned to the camera's, kept until the image of their moment is at work."""

from __future__ import annotations

import threading
import time
from collections import deque

#: Depth images that wait: of about a quarter of a second.
CAPACITY = 8
#: Seconds that the worker waits for an image's depth; and without depth for so long, not at all.
PATIENCE_SECONDS = 0.05
SILENCE_SECONDS = 1.0


class DepthBuffer:
    """`put` runs in the executor, `take` in the worker."""

    def __init__(self):
        self._messages: deque = deque(maxlen=CAPACITY)  # (stamp_ns, message), as they came
        self._last_arrival = -SILENCE_SECONDS
        self._in_step = True  # stamped as the images are
        self._arrived = threading.Condition()

    def put(self, message, stamp_ns: int) -> None:
        with self._arrived:
            self._messages.append((stamp_ns, message))
            self._last_arrival = time.monotonic()
            self._arrived.notify_all()

    def take(self, stamp_ns: int, tolerance: float):
        """The depth message nearest to a stamp, at most `tolerance` seconds from it; else None.

        Waits a moment for one that is not there yet, where depth is coming at all.
        """
        reach = int(tolerance * 1e9)

        def is_decided() -> bool:
            """Whether a better one is not to be expected."""
            stamps = [stamp for stamp, _ in self._messages]
            if any(stamp >= stamp_ns for stamp in stamps):
                return True
            return not self._in_step and any(stamp_ns - stamp <= reach for stamp in stamps)

        with self._arrived:
            if time.monotonic() - self._last_arrival < SILENCE_SECONDS:
                self._arrived.wait_for(is_decided, PATIENCE_SECONDS)
            near = [(abs(stamp - stamp_ns), m) for stamp, m in self._messages]
        near = [pair for pair in near if pair[0] <= reach]
        if not near:
            return None
        gap, message = min(near, key=lambda pair: pair[0])
        self._in_step = gap == 0
        return message

    def clear(self) -> None:
        """Time has jumped."""
        with self._arrived:
            self._messages.clear()

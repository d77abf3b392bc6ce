"""Which log lines are due: of each kind the first at once, then one every few seconds."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: Kinds that are remembered.
CAPACITY = 64


class LogLimit:
    """Thread-safe. rclpy's own throttle goes by the line of code, so that there one kind hides the
    first of another, and costs as much when it says nothing."""

    def __init__(self, period: float, clock: Callable[[], float] = time.monotonic):
        """`period` and `clock` in seconds."""
        self._period = period
        self._clock = clock
        self._last: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_due(self, kind: Hashable) -> bool:
        """Whether to log one of this kind now; if so, it counts as logged."""
        now = self._clock()
        with self._lock:
            last = self._last.get(kind)
            if last is not None and now - last < self._period:
                return False
            self._last[kind] = now
            self._last.move_to_end(kind)
            if len(self._last) > CAPACITY:
                self._last.popitem(last=False)
        return True

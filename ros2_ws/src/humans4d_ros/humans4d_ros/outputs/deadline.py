"""How long an image may still take when a deadline from its stamp is to be kept."""

from __future__ import annotations

import math
import time
from collections import deque

from .people_messages import latency_seconds

#: Images whose publishing tells how long the next one's takes.
LAST = 10


class Deadline:
    """Knows how long publishing takes."""

    def __init__(self) -> None:
        self._publishing: deque[float] = deque(maxlen=LAST)
        self._start = 0.0

    def left(self, deadline: float, stamp_ns: int, now_ns: int, received: float) -> float | None:
        """s that making people of an image may take; None: there is no deadline (0).

        stamp_ns, now_ns: of the node's clock; where they tell no age (a bag of another day), the
        image's age counts from `received`, s of time.monotonic.
        """
        if not deadline:
            return None
        age = latency_seconds(stamp_ns, now_ns)
        if math.isnan(age):
            age = time.monotonic() - received
        return deadline - age - max(self._publishing, default=0.0)

    def begin(self) -> None:
        """Publishing begins."""
        self._start = time.monotonic()

    def end(self) -> None:
        """It has ended."""
        self._publishing.append(time.monotonic() - self._start)

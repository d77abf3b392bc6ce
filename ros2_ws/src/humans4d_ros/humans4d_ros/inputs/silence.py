"""For how long no image could be used."""

from __future__ import annotations

import time


class Silence:
    """Any thread may ask and tell."""

    def __init__(self, clock):
        """clock: the node's."""
        self._clock = clock
        self.end(time.monotonic())

    def end(self, received: float) -> None:
        """An image that came at `received` (time.monotonic) was used, or is not wanted."""
        self._last = received, self._clock.now().nanoseconds

    @property
    def seconds(self) -> float:
        """Since the last one. In a simulation that is paused time stands still: no silence."""
        received, now_ns = self._last
        seconds = time.monotonic() - received
        if self._clock.ros_time_is_active:
            seconds = min(seconds, (self._clock.now().nanoseconds - now_ns) * 1e-9)
        return seconds

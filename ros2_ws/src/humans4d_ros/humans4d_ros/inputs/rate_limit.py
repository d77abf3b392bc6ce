"""Lets at most so many images a second through, evenly."""

from __future__ import annotations


class RateLimit:
    """Keeps time over jitter: of 30 images a second, a limit of 10 takes every third."""

    def __init__(self):
        self._due = float("-inf")

    def takes(self, now: float, rate: float) -> bool:
        """Whether the image of the moment `now` (s) is taken; `rate` in Hz, 0: every one."""
        if rate <= 0:
            return True
        period = 1 / rate
        # An image that is early by less than this is on time.
        if now < self._due - 0.1 * period:
            return False
        late = now - self._due
        self._due = self._due + period if late < period else now + period
        return True

"""What recovering N people costs on this machine: a base and so much a person, as measured."""

from __future__ import annotations

import numpy as np

#: How much each image leaves of those before: ten images are remembered, so a machine that grows
#: hot or busy is known within a second.
FADE = 0.9
#: Variance of the number of people from which on base and slope can be told apart.
LEAST_VARIANCE = 0.25
#: People of an image whom time does not limit.
MOST = 1e6


class RecoveryCost:
    """Least squares of seconds over people, the newest images first."""

    def __init__(self) -> None:
        self._sums = np.zeros(5)  # of 1, n, n^2, t, n t

    def add(self, people: int, seconds: float) -> None:
        """One image."""
        n, t = float(people), seconds
        self._sums = FADE * self._sums + (1, n, n * n, t, n * t)

    def people_within(self, seconds: float) -> int | None:
        """How many can be recovered within a time, 1 or more; None: nothing has been measured."""
        weight, n, nn, t, nt = self._sums
        if not weight or not n:
            return None
        mean_n, mean_t = n / weight, t / weight
        variance = nn / weight - mean_n**2
        slope = mean_t / mean_n
        if variance > LEAST_VARIANCE:
            # A base below 0 or a slope below 0 is noise.
            slope = min(max((nt / weight - mean_n * mean_t) / variance, 0.05 * slope), slope)
        base = mean_t - slope * mean_n
        return max(int(min((seconds - base) / slope, MOST)), 1)

"""How people come and go in one camera's scene, and what that says of who is out of sight.

Who disappears is hidden or gone; who appears near his place is he or somebody else. Where people
stay for minutes and nobody comes, waiting for him is right, and whoever appears is he. Where the
scene changes every few seconds he would hand his id to a stranger. Both are counted:

    mean stay = person-seconds seen / departures          patience = a share of it
    newcomers = people who appeared / (seconds x area)    odds of a stranger at a place
"""

from __future__ import annotations

import numpy as np

#: Share of the mean stay for which somebody out of sight is waited for.
STAY_SHARE = 0.15
#: s, the least patience: a detector misses people for that long in plain view.
LEAST_SECONDS = 0.3
#: What is expected of a scene that nobody has watched: departures, and s of stay for each.
EXPECTED_DEPARTURES, EXPECTED_STAY = 2.0, 10.0

#: Newcomers a second and a square of a person's height in the image: in a busy street, and what is
#: expected of a scene that nobody has watched, for as long as that counts (s).
BUSY, EXPECTED_NEWCOMERS, EXPECTED_SECONDS = 0.05, 0.002, 5.0
#: What leaving a track alone costs in a busy street, and at most.
BUSY_ALONE_COST, MOST_ALONE_COST = 14.0, 20.0
#: s and images after which somebody who appears was not there from the beginning.
BEGINNING, BEGINNING_IMAGES = 1.0, 4


class SceneTurnover:
    """Counts how long one camera's people are seen, how many leave, and how many come."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._images = 0
        self._seen_seconds = 0.0
        self._departures = 0
        self._newcomers = 0
        self._area = 0.0  # mean, squares of a person's height

    def watch(self, seconds: float, heights_px: np.ndarray, departed: int, size: tuple) -> None:
        """People of heights (N,) px were in view for `seconds` in an image of `size` (w, h) px;
        `departed` are given up now."""
        self._seconds += seconds
        self._images += 1
        self._seen_seconds += seconds * len(heights_px)
        self._departures += departed
        if len(heights_px):
            area = size[0] * size[1] / float(np.median(heights_px)) ** 2
            # A mean over the last images, in which nearer and farther people come and go.
            self._area += (area - self._area) * (0.1 if self._area else 1.0)

    def welcome(self, count: int) -> None:
        """`count` people were confirmed who had not been there before."""
        if self._seconds > BEGINNING and self._images > BEGINNING_IMAGES:
            self._newcomers += count

    @property
    def mean_stay(self) -> float:
        """Seconds."""
        expected = EXPECTED_DEPARTURES * EXPECTED_STAY
        return (self._seen_seconds + expected) / (self._departures + EXPECTED_DEPARTURES)

    def patience(self, longest: float) -> float:
        """Seconds to wait for somebody out of sight, at most `longest`."""
        return float(np.clip(STAY_SHARE * self.mean_stay, min(LEAST_SECONDS, longest), longest))

    @property
    def newcomers(self) -> float:
        """A second and a square of a person's height in the image."""
        area = max(self._area, 1.0)
        expected = EXPECTED_NEWCOMERS * EXPECTED_SECONDS * area
        return (self._newcomers + expected) / ((self._seconds + EXPECTED_SECONDS) * area)

    @property
    def alone_cost(self) -> float:
        """What leaving a track alone costs: -2 log of the odds of a stranger at a place."""
        cost = BUSY_ALONE_COST - 2 * np.log(self.newcomers / BUSY)
        return float(np.clip(cost, BUSY_ALONE_COST, MOST_ALONE_COST))

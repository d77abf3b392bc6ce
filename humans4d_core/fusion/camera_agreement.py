"""Do cameras that see the same people say that they are at the same places, at the same time?

Of two cameras' sights of one person, d = offset + skew * velocity + noise: least squares over the
last seconds. The offset is how their calibrations differ where people are, the skew how their
clocks do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: s over which differences count.
SECONDS = 20.0
#: Sum of weights, people times lists, from which on a pair is told of.
FEWEST = 20.0
#: m/s, root mean square of people's speed from which on a skew is known.
LEAST_SPEED = 0.4


@dataclass(frozen=True)
class Agreement:
    """Two cameras: the second says what the first does, plus the offset, less the skew's way."""

    first: int
    second: int
    offset: np.ndarray  #: (3,) m
    skew: float  #: s by which the second's stamps are late; NaN: nobody moves


class CameraAgreement:
    """Sums of the last seconds for each pair of cameras."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], np.ndarray] = {}
        self._stamp_ns: int | None = None

    def add(
        self,
        stamp_ns: int,
        cameras: np.ndarray,
        groups: np.ndarray,
        positions: np.ndarray,
        velocities: np.ndarray,
    ) -> None:
        """One list: cameras (S,), groups (S,), positions (S, 3) m and velocities (S, 3) m/s of the
        sights that are seen."""
        if self._stamp_ns is not None:
            fade = np.exp(-max(stamp_ns - self._stamp_ns, 0) * 1e-9 / SECONDS)
            for sums in self._sums.values():
                sums *= fade
        self._stamp_ns = stamp_ns
        first, second = np.nonzero(
            (groups[:, None] == groups[None]) & (cameras[:, None] < cameras[None])
        )
        for key in {*zip(cameras[first].tolist(), cameras[second].tolist(), strict=True)}:
            of_pair = (cameras[first] == key[0]) & (cameras[second] == key[1])
            a, b = first[of_pair], second[of_pair]
            # The normal equations of d = [1 v] [offset, skew], and how many people they are of.
            velocity, difference = (velocities[a] + velocities[b]) / 2, positions[b] - positions[a]
            own = np.zeros((4, 6))
            own[:3, :3] = len(a) * np.eye(3)
            own[:3, 3] = own[3, :3] = velocity.sum(0)
            own[3, 3] = (velocity**2).sum()
            own[:3, 4], own[3, 4] = difference.sum(0), (velocity * difference).sum()
            own[0, 5] = len(a)
            self._sums[key] = self._sums.get(key, 0.0) + own

    def told(self) -> list[Agreement]:
        """Of each pair that has seen enough of the same people."""
        found = []
        for (first, second), sums in sorted(self._sums.items()):
            weight = float(sums[0, 5])
            if weight < FEWEST:
                continue
            normal, right = sums[:, :4], sums[:, 4]
            if normal[3, 3] / weight < LEAST_SPEED**2:
                offset, skew = right[:3] / weight, np.nan
            else:
                solved = np.linalg.solve(normal + 1e-6 * weight * np.eye(4), right)
                offset, skew = solved[:3], -float(solved[3])
            found.append(Agreement(first, second, offset, skew))
        return found

"""How points of people move: a Kalman filter of nearly constant velocity for each, all at once.

A point's acceleration is white noise (Bar-Shalom et al., "Estimation with Applications to Tracking
and Navigation", 2001, section 6.2.2), as strong as people accelerate that part of the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...batch import Batch


@dataclass(frozen=True)
class PointMotion(Batch):
    """K points of N people in D dimensions. An axis errs like any other of its point."""

    position: np.ndarray  #: (N, K, D)
    velocity: np.ndarray  #: (N, K, D) per second
    covariance: np.ndarray  #: (N, K, 2, 2) of position and velocity, one for all axes

    @classmethod
    def at(cls, position: np.ndarray, variance: np.ndarray, speed: np.ndarray) -> PointMotion:
        """Points first seen at `position` (N, K, D); variance: (N, K); speed: (N, 1) or (N, K),
        the velocity's standard deviation."""
        covariance = np.zeros((*variance.shape, 2, 2))
        covariance[..., 0, 0], covariance[..., 1, 1] = variance, speed**2
        return cls(position, np.zeros_like(position), covariance)

    def predicted(self, seconds: np.ndarray, noise: np.ndarray) -> PointMotion:
        """`seconds` (N,) later; noise: (N, K), spectral density of the acceleration, unit^2/s^3."""
        t = seconds[:, None]
        pp, pv, vv = (self.covariance[..., i, j] for i, j in ((0, 0), (0, 1), (1, 1)))
        covariance = np.empty_like(self.covariance)
        covariance[..., 0, 0] = pp + 2 * t * pv + t**2 * vv + noise * t**3 / 3
        covariance[..., 0, 1] = covariance[..., 1, 0] = pv + t * vv + noise * t**2 / 2
        covariance[..., 1, 1] = vv + noise * t
        return PointMotion(self.position + t[..., None] * self.velocity, self.velocity, covariance)

    def surprise(self, position: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """(N, K) squared distance of measurements, in standard deviations and per axis: 1 where
        all is as expected."""
        expected = self.covariance[..., 0, 0] + variance
        return ((position - self.position) ** 2).mean(-1) / expected

    def updated(
        self, position: np.ndarray, variance: np.ndarray, outlier: float = np.inf
    ) -> PointMotion:
        """With measurements (N, K, D) of variance (N, K); one that surprises by more than `outlier`
        counts as much less as it lies further off (a Student t's weight)."""
        variance = variance * np.maximum(1, self.surprise(position, variance) / outlier)
        gain = self.covariance[..., 0] / (self.covariance[..., 0, 0] + variance)[..., None]
        innovation = position - self.position
        return PointMotion(
            self.position + gain[..., :1] * innovation,
            self.velocity + gain[..., 1:] * innovation,
            self.covariance - gain[..., :, None] * self.covariance[..., None, 0, :],
        )

    def turned(self, turn: np.ndarray) -> PointMotion:
        """Seen in other axes; turn: (D, D)."""
        return PointMotion(self.position @ turn.T, self.velocity @ turn.T, self.covariance)

"""A person's points between what is read now and where they were going.

Two filters: of the points in 3D, seen from the hips, and of their rays, seen from the hips' ray.
The network's errors in depth are large and change slowly, those in the image small and quick; each
filter knows its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...batch import Batch
from .blazepose import Landmarks
from .landmark_reading import Readings
from .point_motion import PointMotion
from .side_swaps import renamed

#: m, standard deviation of a landmark in the image, across the viewing direction, in plain view.
IMAGE_SIGMA = 0.02
#: Standard deviation of a point's error along an axis, in spreads: a Gamma distribution's of shape
#: 3, see point_corrector.
SIGMAS = 2.0
#: m/s, standard deviation of a point's velocity before it was seen twice.
START_SPEED = 1.0
#: m^2/s^3 of each landmark: how much its velocity, seen from the hips, changes, squared and per
#: second. Means over 40 clips of CMU's motion capture, of changes within 0.1 s.
_ACCELERATION = {
    **dict.fromkeys((23, 24), 0.05), **dict.fromkeys((0, 7, 8, 11, 12), 0.3),
    **dict.fromkeys((13, 14), 0.5), **dict.fromkeys((15, 16), 1.3),
    **dict.fromkeys((19, 20), 2.2), **dict.fromkeys((25, 26), 2.0),
    **dict.fromkeys((27, 28), 4.5), **dict.fromkeys((29, 30), 5.0),
    **dict.fromkeys((31, 32), 7.0),
}  # fmt: skip
#: Surprise (1: as expected) from which other sides are tried, from which a reading is not believed,
#: and what a single point's counts at most.
SUSPICIOUS, UNLIKELY, MOST_SURPRISE = 1.0, 4.0, 16.0
#: Surprise from which a point in 3D counts less. Where it is in the image is not doubted so.
OUTLIER = 3.0
#: Times that other sides have to surprise less to be believed.
MARGIN = 4.0
#: s of readings that agreed that count at most: for so long at least, readings have to disagree
#: before they are right, and what was believed is wrong.
AGREED = 0.5


@dataclass(frozen=True)
class PointState(Batch):
    """What is believed of N people."""

    points: PointMotion  #: m in the axes of the camera, from the hips
    rays: PointMotion  #: x/z and y/z, from the hips' ray
    depth: np.ndarray  #: (N,) m
    agreed: np.ndarray  #: (N,) s for which readings agreed, more than they did not
    is_overruled: np.ndarray  #: (N,) bool: the last reading named the sides otherwise


class SteadyPoints:
    """The filters of all people of an image."""

    def __init__(self, landmarks: np.ndarray):
        """landmarks: (K,) which of the network's the points are."""
        self._acceleration = np.array([_ACCELERATION[int(landmark)] for landmark in landmarks])
        self._hips = np.flatnonzero(np.isin(landmarks, (23, 24)))

    def begun(self, readings: Readings) -> PointState:
        """People of whom nothing was known."""
        points, points_variance, rays, rays_variance, depth = self._measured(readings)
        speed = np.full(points_variance.shape, START_SPEED)
        return PointState(
            PointMotion.at(points, points_variance, speed),
            PointMotion.at(rays, rays_variance, speed / depth[:, None]),
            depth,
            np.zeros(len(depth)),
            np.zeros(len(depth), bool),
        )

    def predicted(
        self, state: PointState, seconds: float, turn: np.ndarray | None = None
    ) -> PointState:
        """`seconds` later, in the axes of a camera that turned: `turn` (3, 3), new from old."""
        later = np.full(len(state), seconds)
        noise = np.broadcast_to(self._acceleration, (len(state), len(self._acceleration)))
        points = state.points.predicted(later, noise)
        if turn is not None:
            points = points.turned(turn)
        rays = state.rays.predicted(later, noise / state.depth[:, None] ** 2)
        return replace(state, points=points, rays=rays)

    def steadied(
        self,
        state: PointState,
        seconds: np.ndarray,
        landmarks: Landmarks,
        readings: Readings,
        read: Callable[[Landmarks], Readings],
    ) -> tuple[PointState, Landmarks, Readings]:
        """What is believed of N people now, `seconds` (N,) after they were last seen; their
        landmarks, named by the sides that fit; and the readings between what was read of these and
        what was expected. A reading that neither side makes likely is not believed, for no longer
        than readings before agreed.

        state: predicted for now; readings: of the landmarks; read: what makes readings of others.
        """
        surprise = self._surprise(state, readings)
        overruled = np.zeros(len(state), bool)
        doubted = np.flatnonzero(surprise > SUSPICIOUS)
        if len(doubted):
            others = renamed(landmarks.select(doubted))
            found = read(others)
            other = self._surprise(state.select(doubted), found)
            overruled[doubted] = other * MARGIN < surprise[doubted]
        unlikely = np.where(overruled, False, surprise > UNLIKELY)
        agrees = surprise <= SUSPICIOUS
        agreed = np.minimum(state.agreed + np.where(agrees, seconds, -seconds), AGREED)
        anew = np.flatnonzero(agreed < 0)
        overruled[anew] = unlikely[anew] = False
        if overruled.any():
            rows, better = np.flatnonzero(overruled), overruled[doubted]
            landmarks = landmarks.with_rows(rows, others.select(better))
            readings = readings.with_rows(rows, found.select(better))
        points, points_variance, rays, rays_variance, depth = self._measured(readings)
        ignored = np.where(unlikely, np.inf, 1.0)[:, None]
        state = PointState(
            state.points.updated(points, points_variance * ignored, OUTLIER),
            state.rays.updated(rays, rays_variance * ignored),
            np.where(unlikely, state.depth, depth),
            agreed,
            overruled,
        )
        state = state.with_rows(anew, self.begun(readings.select(anew)))
        hips = readings.rays[:, self._hips].mean(1, keepdims=True)
        steady = replace(readings, points=state.points.position, rays=hips + state.rays.position)
        return state, landmarks, steady

    def _measured(self, readings: Readings):
        """Points and rays from the hips, with their variances (N, K), and the depth (N,)."""
        points = readings.points - readings.points[:, self._hips].mean(1, keepdims=True)
        rays = readings.rays - readings.rays[:, self._hips].mean(1, keepdims=True)
        depth = (points[..., :2] * rays).sum((1, 2)) / np.maximum((rays**2).sum((1, 2)), 1e-9)
        depth = np.clip(depth, 0.3, 100.0)
        sigma = IMAGE_SIGMA / depth[:, None]
        seen = np.maximum(readings.visibility, 0.05)
        return points, (SIGMAS * readings.spread) ** 2, rays, sigma**2 / seen, depth

    def _surprise(self, state: PointState, readings: Readings) -> np.ndarray:
        """(N,) mean squared distance of readings from what was expected, in standard deviations."""
        points, points_variance, rays, rays_variance, _ = self._measured(readings)
        of_points = state.points.surprise(points, points_variance)
        of_rays = state.rays.surprise(rays, rays_variance)
        both = (np.minimum(s, MOST_SURPRISE).mean(1) for s in (of_points, of_rays))
        return sum(both) / 2

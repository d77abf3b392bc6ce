"""The ground as people's own feet show it, for a camera whose height and tilt nobody gave.

One person's size is known to a few percent, so is the distance. But all stand on one plane. In the
camera's frame it is m . x = 1 (m points down, 1 / |m| is the camera's height), and a body whose
size is wrong by a factor touches it at x / factor:

    m . contact = 1 / factor = 1 +- what is not known of sizes

That is linear in m: least squares over everybody who walks by, older images forgotten. Sizes
average out over people, and the plane's tilt shows in everyone's way. The camera is expected to
stay at its height over a flat floor, standing or driving; turns about its own centre are followed
where Frame.fixed_from_camera tells them.
"""

from __future__ import annotations

import numpy as np

from ..config.positioning_config import DEFAULT, PositioningConfig
from ..recovery.pelvis_uncertainty import DEPTH_SIGMA
from ..types import Pose
from .contact_points import Contacts
from .distance_evidence import DistanceFactor

#: Degrees of freedom of the Student-t that bounds what one wrong contact teaches.
FREEDOM = 4.0


class LearnedGround:
    """A plane under everybody. One camera's; not thread-safe."""

    def __init__(self, config: PositioningConfig = DEFAULT):
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self._information = np.zeros((3, 3))
        self._vector = np.zeros(3)  # information times the plane
        self._surprise = 1.0
        self._stamp_ns: int | None = None
        self._fixed_from_camera: Pose | None = None

    @property
    def plane_cam(self) -> np.ndarray | None:
        """m (3,) 1/m with m . x = 1 on the ground; None where it is not known well enough."""
        values = np.linalg.eigvalsh(self._information)
        # At an eye's height of 1 m, a direction in which m is not even known to 1/m is unknown.
        if values[0] < 1.0:
            return None
        return np.linalg.solve(self._information, self._vector)

    def up_cam(self, fixed_from_camera: Pose | None) -> np.ndarray:
        """Best guess of the upward direction in the camera's axes: (3,), a unit vector."""
        plane = self.plane_cam
        if plane is not None:
            return -plane / np.linalg.norm(plane)
        if fixed_from_camera is not None:  # REP-105's fixed frames are level
            return fixed_from_camera.rotation[2]
        return np.array([0.0, -1.0, 0.0])

    def follow(self, fixed_from_camera: Pose | None) -> None:
        """Turn with a camera whose pose is known; heights are expected to stay."""
        if fixed_from_camera is None:
            return
        before, self._fixed_from_camera = self._fixed_from_camera, fixed_from_camera
        if before is None:
            return
        turn = fixed_from_camera.rotation.T @ before.rotation
        self._information = turn @ self._information @ turn.T
        self._vector = turn @ self._vector

    def factor(self, contacts: Contacts) -> DistanceFactor:
        """What the plane says of the distance of N contacts; nothing as long as it is unsure."""
        seen, plane = np.isfinite(contacts.sigma), self.plane_cam
        if plane is None:
            return DistanceFactor(np.ones(len(seen)), np.full(len(seen), np.inf))
        inverse, variance, noise = self._expected(contacts, plane)
        seen = seen & (inverse > 0.4) & (inverse < 2.5)
        value = 1 / np.where(seen, inverse, 1.0)
        # People who contradict the plane more than their sizes explain: the camera nods, or the
        # floor is none.
        unrest = max(self._surprise - 1, 0) * DEPTH_SIGMA**2
        # d(1 / inverse) = value^2 d inverse
        variance = np.where(seen, variance + noise + unrest, 1.0) * value**4
        sure = (
            variance < (self.config.ground_unsure * value) ** 2
        )  # relative to the distance that the plane says
        return DistanceFactor(value, np.where(seen & sure, variance, np.inf))

    def learn(self, contacts: Contacts, size: DistanceFactor, stamp_ns: int) -> None:
        """Take in the contacts of N bodies whose distance comes from their size alone."""
        seconds = 0.0
        if self._stamp_ns is not None:
            seconds = np.clip((stamp_ns - self._stamp_ns) / 1e9, 0.0, 1.0)
        self._stamp_ns = stamp_ns
        keep = np.exp(-seconds / self.config.memory_seconds)
        self._information *= keep
        self._vector *= keep
        seen = np.isfinite(contacts.sigma) & np.isfinite(size.variance)
        if not seen.any():
            return
        points, noise = contacts.points_cam[seen], size.variance[seen]
        weight = seconds / self.config.person_seconds / noise
        plane = self.plane_cam
        if plane is not None:
            inverse, variance, contact = (a[seen] for a in self._expected(contacts, plane))
            noise = noise + contact
            deviation = (inverse - 1) ** 2 / (variance + noise)
            surprise = np.minimum(deviation, 25).mean() - self._surprise
            self._surprise += (1 - np.exp(-seconds / self.config.surprise_seconds)) * surprise
            if self._surprise > self.config.ground_surprise:
                self.reset()
                return
            weight = seconds / self.config.person_seconds / (noise * (1 + deviation / FREEDOM))
        self._information += np.einsum("n,ni,nj->ij", weight, points, points)
        self._vector += weight @ points

    def _expected(
        self, contacts: Contacts, plane: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """1 / factor (N,), and what the plane and the contact add to its variance, (N,) each."""
        points = contacts.points_cam
        covariance = np.linalg.inv(self._information)
        variance = np.einsum("ni,ij,nj->n", points, covariance, points)
        sigma = np.where(np.isfinite(contacts.sigma), contacts.sigma, 0.0)
        return points @ plane, variance, sigma**2 * (plane @ plane)

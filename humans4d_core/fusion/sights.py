"""Sights: what each camera says of each of its people, in one frame and at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..batch import Batch
from ..config.fusion_config import FusionConfig
from ..types import Bodies, People, TrackState

#: m/s^2, sigma of how people accelerate: grows a prediction's covariance.
ACCELERATION = 1.0
#: m/s, sigma of a velocity that is unknown; a variance above that of MOST_SPEED is.
ANY_SPEED, MOST_SPEED = 1.5, 10.0
#: m from a camera to people whom it sees, where nobody says.
ANY_DISTANCE = 5.0
#: m: a position less certain than that says nothing.
FARTHEST_SIGMA = 30.0
#: m and m/s, least sigma of an estimate.
LEAST_SIGMA = 0.01


@dataclass(frozen=True)
class Told:
    """The last people of one camera, in the common frame."""

    people: People
    stamp_ns: int
    camera_position: np.ndarray | None  #: (3,) m; None: unknown


@dataclass(frozen=True)
class Sights(Batch):
    """S sights of people, by one or more cameras, predicted for one moment; float64."""

    cameras: np.ndarray  #: (S,) int, whose sight it is
    rows: np.ndarray  #: (S,) int, row in that camera's people
    track_ids: np.ndarray  #: (S,) int64, the camera's
    person_ids: np.ndarray  #: (S,) int64, the camera's
    is_seen: np.ndarray  #: (S,) bool: not hidden
    is_confirmed: np.ndarray  #: (S,) bool: seen, and believed
    positions: np.ndarray  #: (S, 3) m, of the hip midpoint
    covariances: np.ndarray  #: (S, 3, 3) m^2, with what calibrations and clocks differ by
    velocities: np.ndarray  #: (S, 3) m/s
    velocity_covariances: np.ndarray  #: (S, 3, 3) m^2/s^2
    orients: np.ndarray  #: (S, 3, 3), Bodies.global_orient
    has_pose: np.ndarray  #: (S,) bool: a pose was recovered
    appearance: np.ndarray  #: (S, 16), People.appearance
    joint_confidence: np.ndarray  #: (S,) mean of the body's

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Camera and its track_id, of each sight."""
        return list(zip(self.cameras.tolist(), self.track_ids.tolist(), strict=True))


def usable(people: People) -> People:
    """Those who are not LOST, each once, of whom body, place and uncertainty are known; without
    meshes."""
    bodies, covariance = people.bodies, people.position_covariance_cam
    columns = (
        bodies.joints_cam, bodies.global_orient, bodies.body_pose, bodies.betas,
        bodies.translation_cam, bodies.joint_probability, covariance, people.velocity_cam,
        people.velocity_covariance_cam,
    )  # fmt: skip
    with np.errstate(invalid="ignore", over="ignore"):
        # A sum of finite terms is finite.
        sums = [np.add.reduce(c, axis=tuple(range(1, c.ndim))) for c in columns]
    finite = np.isfinite(np.stack(sums)).all(axis=0)
    variances = np.linalg.eigvalsh(np.where(finite[:, None, None], covariance, 0))
    sound = (variances[:, 0] >= -1e-6) & (variances[:, 2] <= FARTHEST_SIGMA**2)
    chosen = finite & sound & (people.states != TrackState.LOST)
    # A track is in a list once; a second row of its id is nobody's.
    is_first = np.zeros(len(people), bool)
    is_first[np.unique(people.track_ids, return_index=True)[1]] = True
    chosen &= is_first
    people = people if chosen.all() else people.select(chosen)
    return replace(people, bodies=_without_mesh(people.bodies))


def _without_mesh(bodies: Bodies) -> Bodies:
    """With a size that is a number, and without vertices."""
    with np.errstate(invalid="ignore"):
        scale = np.ones(len(bodies), np.float32) if bodies.scale is None else bodies.scale
        scale = np.where(np.isfinite(scale) & (scale > 0), scale, np.float32(1))
    return replace(bodies, scale=scale, vertices_cam=bodies.vertices_cam[:, :0])


def sights_at(stamp_ns: int, told: Sequence[Told | None], config: FusionConfig) -> Sights:
    """All sights of the cameras that have told of people, moved to a moment."""
    parts = [
        _of_camera(camera, each, (stamp_ns - each.stamp_ns) * 1e-9, config)
        for camera, each in enumerate(told)
        if each is not None and len(each.people)
    ]
    if not parts:
        return _NOBODY
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Sights(*map(np.concatenate, columns))


def _of_camera(camera: int, told: Told, seconds: float, config: FusionConfig) -> Sights:
    people, count = told.people, len(told.people)
    velocity, velocity_covariance = known_velocities(
        people.velocity_cam, people.velocity_covariance_cam
    )
    position, covariance = predicted(
        people.bodies.pelvis_cam.astype(float), people.position_covariance_cam.astype(float),
        velocity, velocity_covariance, seconds,
    )  # fmt: skip
    covariance += config.calibration_sigma**2 * np.eye(3)
    covariance += config.skew_sigma**2 * velocity[:, :, None] * velocity[:, None]
    covariance += _turned_by(config.calibration_angle, position, told.camera_position)
    states = people.states
    return Sights(
        np.full(count, camera),
        np.arange(count),
        people.track_ids.astype(np.int64),
        people.person_ids.astype(np.int64),
        states != TrackState.OCCLUDED,
        states == TrackState.CONFIRMED,
        position,
        covariance,
        velocity,
        velocity_covariance,
        people.bodies.global_orient.astype(float),
        ~people.bodies.is_stood_up,
        people.appearance.astype(float),
        people.bodies.joint_probability.mean(1, dtype=float),
    )


def _turned_by(angle: float, positions: np.ndarray, camera: np.ndarray | None) -> np.ndarray:
    """(N, 3, 3) m^2: what places are wrong by where the camera is turned by `angle` (sigma of each
    axis, rad). A camera that does not say where it is is ANY_DISTANCE away."""
    if camera is None:
        return np.tile((angle * ANY_DISTANCE) ** 2 * np.eye(3), (len(positions), 1, 1))
    ray = positions - camera
    # The sum over axes a of (a x ray)(a x ray)'.
    square = (ray**2).sum(1)[:, None, None] * np.eye(3)
    return angle**2 * (square - ray[:, :, None] * ray[:, None])


def predicted(
    positions: np.ndarray,
    covariances: np.ndarray,
    velocities: np.ndarray,
    velocity_covariances: np.ndarray,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 3) and covariances (N, 3, 3) some seconds later, or earlier."""
    spread = (LEAST_SIGMA**2 + (0.5 * ACCELERATION * seconds**2) ** 2) * np.eye(3)
    return (
        positions + seconds * velocities,
        covariances + seconds**2 * velocity_covariances + spread,
    )


def known_velocities(
    velocities: np.ndarray, covariances: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Velocities (N, 3) and covariances (N, 3, 3), float64; of who moves in unknown ways, those of
    anybody."""
    known = np.trace(covariances, axis1=1, axis2=2) < 3 * MOST_SPEED**2
    velocity = np.where(known[:, None], velocities, 0.0).astype(float)
    covariance = np.where(known[:, None, None], covariances, ANY_SPEED**2 * np.eye(3))
    return velocity, covariance.astype(float) + LEAST_SIGMA**2 * np.eye(3)


_NOBODY = Sights(
    np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool),
    np.zeros(0, bool), np.zeros((0, 3)), np.zeros((0, 3, 3)), np.zeros((0, 3)),
    np.zeros((0, 3, 3)), np.zeros((0, 3, 3)), np.zeros(0, bool), np.zeros((0, 16)), np.zeros(0),
)  # fmt: skip

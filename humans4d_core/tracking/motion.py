"""How people move: Kalman filters in metres and in the image, batched over people.

Both filters share one model of walking, with real time steps. A velocity forgets itself over
`velocity_seconds` and keeps a spread of `walking_speed` (an integrated Ornstein-Uhlenbeck process):

    dv = -v / tau dt + speed sqrt(2 / tau) dW,    dp = v dt

Over short times this is the constant-velocity model with white acceleration. Over long ones the
predicted person comes to rest and the variance grows like t, not like the t^3 of white
acceleration: nobody keeps running into one direction behind a pillar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Bodies, _Batch

#: Height of a person's box in metres, head to feet: turns metres into pixels at the person's depth.
PERSON_HEIGHT = 1.7

#: Standard deviation of a measured box's centre x, centre y (in box heights) and log height: the
#: swing of arms and legs, the detector's jitter, feet hidden behind something.
BOX_SIGMA = np.array([0.06, 0.06, 0.08])

#: Smallest standard deviation (m) of a measured pelvis that the filter believes, on any axis.
PELVIS_SIGMA = 0.05

#: Squared Mahalanobis distance (3 degrees of freedom) that 95 % of honest observations keep.
BELIEVABLE = 7.8


@dataclass(frozen=True)
class Motion(_Batch):
    """State of M tracks at one stamp, float64."""

    pelvis: np.ndarray  #: (M, 6) position m, velocity m/s, camera frame
    pelvis_covariance: np.ndarray  #: (M, 6, 6)
    box: np.ndarray  #: (M, 3, 2) value and rate per s of centre x px, centre y px, log height px
    box_covariance: np.ndarray  #: (M, 3, 2, 2), axes independent of each other

    @property
    def box_height_px(self) -> np.ndarray:
        """(M,) pixels."""
        return np.exp(self.box[:, 2, 0])


@dataclass(frozen=True)
class Observation(_Batch):
    """What the filters take from N bodies, float64."""

    pelvis: np.ndarray  #: (N, 3) m, camera frame
    pelvis_covariance: np.ndarray  #: (N, 3, 3) m^2, positive definite
    box: np.ndarray  #: (N, 3) centre x px, centre y px, log height px


def observe(bodies: Bodies, rows: np.ndarray) -> Observation:
    """What the filters take from rows (N,) of bodies: finite, with boxes of positive size."""
    boxes = bodies.boxes_px[rows].astype(np.float64)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    heights = boxes[:, 3] - boxes[:, 1]
    return Observation(
        bodies.pelvis_cam[rows].astype(np.float64),
        positive_definite(bodies.pelvis_covariance_cam[rows].astype(np.float64), PELVIS_SIGMA**2),
        np.column_stack((centers, np.log(heights))),
    )


def start(observed: Observation, walking_speed: float) -> Motion:
    """Motion of N people seen for the first time: standing still, give or take `walking_speed`."""
    n = len(observed)
    pelvis_covariance = np.zeros((n, 6, 6))
    pelvis_covariance[:, :3, :3] = observed.pelvis_covariance
    pelvis_covariance[:, 3:, 3:] = np.eye(3) * walking_speed**2
    box_covariance = np.zeros((n, 3, 2, 2))
    box_covariance[..., 0, 0] = _box_variance(observed.box)
    box_covariance[..., 1, 1] = _box_speed(observed.box, observed.pelvis, walking_speed) ** 2
    return Motion(
        np.concatenate((observed.pelvis, np.zeros((n, 3))), axis=1),
        pelvis_covariance,
        np.stack((observed.box, np.zeros((n, 3))), axis=-1),
        box_covariance,
    )


def predict(
    motion: Motion, seconds: float, walking_speed: float, velocity_seconds: float
) -> Motion:
    """Motion `seconds` (>= 0) later."""
    transition, noise = _walk(seconds, velocity_seconds)
    to_3d = np.kron(transition, np.eye(3))
    pelvis = motion.pelvis @ to_3d.T
    pelvis_covariance = to_3d @ motion.pelvis_covariance @ to_3d.T
    pelvis_covariance += np.kron(noise, np.eye(3)) * walking_speed**2
    speed = _box_speed(motion.box[..., 0], motion.pelvis, walking_speed)
    box_covariance = transition @ motion.box_covariance @ transition.T
    box_covariance += speed[..., None, None] ** 2 * noise
    return Motion(pelvis, pelvis_covariance, motion.box @ transition.T, box_covariance)


def update(motion: Motion, observed: Observation) -> Motion:
    """Motion after each track saw its own observation (row i of both)."""
    # Pelvis: H = [I 0], so H P = the first rows of P. Joseph's form stays positive definite.
    prior, noise = motion.pelvis_covariance, observed.pelvis_covariance
    innovation = observed.pelvis - motion.pelvis[:, :3]  # (M, 3)
    solved = np.linalg.solve(prior[:, :3, :3] + noise, innovation[..., None])[..., 0]
    # A depth that jumps further than its covariance admits is believed less.
    excess = (innovation * solved).sum(-1) / BELIEVABLE
    noise = noise * np.maximum(excess, 1)[:, None, None]
    gain = np.linalg.solve(prior[:, :3, :3] + noise, prior[:, :3]).transpose(0, 2, 1)  # (M, 6, 3)
    pelvis = motion.pelvis + (gain @ innovation[..., None])[..., 0]
    keep = np.broadcast_to(np.eye(6), prior.shape).copy()
    keep[:, :, :3] -= gain
    posterior = keep @ prior @ keep.transpose(0, 2, 1) + gain @ noise @ gain.transpose(0, 2, 1)
    posterior = (posterior + posterior.transpose(0, 2, 1)) / 2

    # Box: three independent axes of value and rate, the same equations with H = [1 0].
    prior = motion.box_covariance
    variance = _box_variance(motion.box[..., 0])
    innovation = observed.box - motion.box[..., 0]  # (M, 3)
    gain = prior[..., 0] / (prior[..., 0, 0] + variance)[..., None]  # (M, 3, 2)
    box = motion.box + gain * innovation[..., None]
    keep = np.broadcast_to(np.eye(2), prior.shape).copy()
    keep[..., 0] -= gain
    box_covariance = keep @ prior @ keep.swapaxes(-1, -2)
    box_covariance += variance[..., None, None] * gain[..., :, None] * gain[..., None, :]
    return Motion(pelvis, posterior, box, box_covariance)


def box_innovation_variance(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Variances of (observed - predicted) box values, and of the measurement alone: (M, 3) each."""
    measured = _box_variance(motion.box[..., 0])
    return motion.box_covariance[..., 0, 0] + measured, measured


def positive_definite(covariance: np.ndarray, smallest: float) -> np.ndarray:
    """Symmetric (*, n, n) with no eigenvalue below `smallest`."""
    values, vectors = np.linalg.eigh((covariance + covariance.swapaxes(-1, -2)) / 2)
    return (vectors * np.maximum(values, smallest)[..., None, :]) @ vectors.swapaxes(-1, -2)


def positive_definite_float32(covariance: np.ndarray) -> np.ndarray:
    """Positive definite (*, n, n) in float32, whose rounding is lifted off zero."""
    lift = 1e-6 * np.trace(covariance, axis1=-2, axis2=-1)[..., None, None]
    return (covariance + np.eye(covariance.shape[-1]) * lift).astype(np.float32)


def _walk(seconds: float, velocity_seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Transition (2, 2) of position and velocity, and noise (2, 2) for a spread of 1 m/s."""
    tau, x = velocity_seconds, seconds / velocity_seconds
    decay, loss = np.exp(-x), -np.expm1(-x)
    transition = np.array([[1.0, tau * loss], [0.0, decay]])
    # Var p / tau^2 = 2x - 3 + 4 exp(-x) - exp(-2x); below 1e-2 that cancels, its series does not.
    spread = 2 * x - 2 * loss - loss**2 if x > 1e-2 else x**3 * (2 / 3 - x / 2)
    cross = tau * loss**2
    noise = np.array([[tau**2 * spread, cross], [cross, -np.expm1(-2 * x)]])
    return transition, noise


def _box_variance(box: np.ndarray) -> np.ndarray:
    """Measurement variance (N, 3) of box values (N, 3)."""
    scale = np.ones_like(box)
    scale[:, :2] = np.exp(box[:, 2:])
    return (scale * BOX_SIGMA) ** 2


def _box_speed(box: np.ndarray, pelvis: np.ndarray, walking_speed: float) -> np.ndarray:
    """Spread (N, 3) of the rates of box values (N, 3) of people at `pelvis` (N, >= 3)."""
    pixels = np.exp(box[:, 2]) * (walking_speed / PERSON_HEIGHT)
    # log height = constant - log depth, so its rate is -v_z / z.
    return np.column_stack((pixels, pixels, walking_speed / np.maximum(pelvis[:, 2], 1.0)))

"""How people move: Kalman filters in metres and in the image, batched over people.

Both filters share one model of walking, with real time steps. A velocity forgets itself over
`velocity_seconds` and keeps a spread of `walking_speed` (an integrated Ornstein-Uhlenbeck process):

    dv = -v / tau dt + speed sqrt(2 / tau) dW,    dp = v dt

Over short times this is the constant-velocity model with white acceleration. Over long ones the
predicted person comes to rest and the variance grows like t, not like the t^3 of white
acceleration: nobody keeps running into one direction behind a pillar.

Where the camera's motion is known, `seen_from` carries the state into the axes of the next image's
camera. Prediction is the same in all axes, so this is the filter of a frame that does not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..batch import Batch
from ..errors import Humans4dError
from ..geometry import project
from ..types import Bodies, Camera, Forecast, Pose

#: Height of a person's box in metres, head to feet: turns metres into pixels at the person's depth.
PERSON_HEIGHT = 1.7

#: Standard deviation of a measured box's centre x, centre y (in box heights) and log height: the
#: swing of arms and legs, the detector's jitter, feet hidden behind something.
BOX_SIGMA = np.array([0.06, 0.06, 0.08])

#: Smallest standard deviation (m) of a measured pelvis that the filter believes, on any axis.
PELVIS_SIGMA = 0.05

#: Share of a measured pelvis' variance that is the same in image after image (a person larger than
#: the average, a floor that slopes): the filter takes errors for independent and averages it away.
LASTING_SHARE = 0.6

#: Nearest depth (m) at which a person can be seen.
NEAREST = 0.1

#: Share of what the camera's motion does to a box that may be wrong: poses of another time.
STEP_DOUBT = 0.1

#: m/s, spread of the motion of a camera of which nothing is known.
CAMERA_SPEED = 1.0

#: Squared Mahalanobis distance (3 degrees of freedom) that 95 % of honest observations keep.
BELIEVABLE = 7.8


@dataclass(frozen=True)
class Motion(Batch):
    """State of M tracks at one stamp, float64."""

    #: (M, 6) position m, velocity m/s, in the camera's axes; the velocity is relative to the fixed
    #: frame where the camera's motion is known.
    pelvis: np.ndarray
    pelvis_covariance: np.ndarray  #: (M, 6, 6)
    box: np.ndarray  #: (M, 3, 2) value and rate per s of centre x px, centre y px, log height px
    box_covariance: np.ndarray  #: (M, 3, 2, 2), axes independent of each other

    @property
    def box_height_px(self) -> np.ndarray:
        """(M,) pixels."""
        return np.exp(self.box[:, 2, 0])


@dataclass(frozen=True)
class Observation(Batch):
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


def forecast(
    motion: Motion, seconds: Sequence[float], walking_speed: float, velocity_seconds: float
) -> Forecast:
    """Pelvises `seconds` (T,) later, in the axes of `motion`; the same as `predict` says.

    Raises Humans4dError for seconds below 0 or not finite.
    """
    times = np.asarray(seconds, np.float64).reshape(-1)
    if not (np.isfinite(times) & (times >= 0)).all():
        raise Humans4dError("a forecast is asked for the past: give finite seconds of 0 or more")
    walks = [_walk(float(t), velocity_seconds) for t in times]
    reach = np.array([transition[0, 1] for transition, _ in walks]).reshape(1, -1, 1, 1)  # s
    spread = np.array([noise[0, 0] for _, noise in walks]).reshape(1, -1, 1, 1)  # s^2
    covariance = motion.pelvis_covariance[:, None]
    here, speed = covariance[..., :3, :3], covariance[..., 3:, 3:]
    both = covariance[..., :3, 3:] + covariance[..., 3:, :3]
    covariance = here + reach * both + reach**2 * speed + spread * walking_speed**2 * np.eye(3)
    positions = motion.pelvis[:, None, :3] + reach[..., 0] * motion.pelvis[:, None, 3:]
    return Forecast(positions.astype(np.float32), positive_definite_float32(covariance))


def seen_from(motion: Motion, new_from_old: Pose, camera: Camera) -> Motion:
    """Motion in the axes of a camera that moved, the people having stood still.

    A box is shifted and scaled as the pelvis' image is. Who was not in the image has a box where
    the pelvis in metres says; who is behind the camera keeps the last one.
    """
    turn = np.kron(np.eye(2), new_from_old.rotation)
    pelvis = motion.pelvis @ turn.T
    pelvis[:, :3] += new_from_old.translation
    covariance = turn @ motion.pelvis_covariance @ turn.T

    # The person's place, and what is a standard deviation farther and nearer: parallax is as
    # uncertain as the depth.
    old = motion.pelvis[:, :3]
    distance = np.linalg.norm(old, axis=1)
    ray = old / np.maximum(distance, NEAREST)[:, None]
    along = np.einsum("mi,mij,mj->m", ray, motion.pelvis_covariance[:, :3, :3], ray)
    doubt = np.minimum(np.sqrt(along) / np.maximum(distance, NEAREST), 0.5)
    points = old[:, None] * (1 + doubt[:, None] * (0, 1, -1))[..., None]  # (M, 3 points, 3)
    moved = new_from_old.apply(points)
    was, now = project(points, camera), project(moved, camera)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.log(points[..., 2] / moved[..., 2])
    change = np.concatenate((now - was, growth[..., None]), axis=-1)  # (M, 3 points, 3 values)
    possible = np.isfinite(change).all((1, 2)) & (pelvis[:, 2] > NEAREST)
    change[~possible] = 0
    value, doubt = change[:, 0], (change[:, 1] - change[:, 2]) / 2
    box, box_covariance = motion.box.copy(), motion.box_covariance.copy()
    scale = np.exp(value[:, 2:])
    offset = np.where(possible[:, None], box[:, :2, 0] - was[:, 0], 0)
    box[..., 0] += value
    box[:, :2, 0] += (scale - 1) * offset
    box[:, :2, 1] *= scale
    box_covariance[..., 0, 0] += doubt**2 + (STEP_DOUBT * value) ** 2

    # Who is cut by the border still has a box there.
    size, margin = (camera.width, camera.height), motion.box_height_px[:, None] / 2
    with np.errstate(invalid="ignore"):
        inside = ((was[:, 0] >= -margin) & (was[:, 0] <= size + margin)).all(1)
    inside &= old[:, 2] > NEAREST
    again = np.flatnonzero(~inside & (pelvis[:, 2] > NEAREST))
    if len(again):
        box[again], box_covariance[again] = _box_of(
            pelvis[again], covariance[again], now[again, 0], camera
        )
    return Motion(pelvis, covariance, box, box_covariance)


def zoomed(motion: Motion, scale: float, camera: Camera) -> Motion:
    """Motion in an image that shows everything `scale` times as large: boxes grow about the
    principal point, and people are nearer to the camera that `camera` still describes."""
    nearer = np.array((1, 1, 1 / scale) * 2)
    box, box_covariance = motion.box.copy(), motion.box_covariance.copy()
    center = np.array((camera.cx, camera.cy))
    box[:, :2, 0] = center + scale * (box[:, :2, 0] - center)
    box[:, :2, 1] *= scale
    box[:, 2, 0] += np.log(scale)
    box_covariance[:, :2] *= scale**2
    return Motion(
        motion.pelvis * nearer,
        motion.pelvis_covariance * nearer[:, None] * nearer,
        box,
        box_covariance,
    )


def is_in_image(motion: Motion, camera: Camera) -> np.ndarray:
    """(M,) bool: who is in front of the camera, with at least half of the box's width in view."""
    center = motion.box[:, :2, 0]
    inside = ((center >= 0) & (center <= (camera.width, camera.height))).all(1)
    return inside & (motion.pelvis[:, 2] > NEAREST)


def _box_of(
    pelvis: np.ndarray, covariance: np.ndarray, center_px: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Box states (K, 3, 2), (K, 3, 2, 2) of people known in metres (K, 6), (K, 6, 6) alone."""
    scale = camera.fy / pelvis[:, 2]  # px a metre
    box = np.zeros((len(pelvis), 3, 2))
    box[..., 0] = np.column_stack((center_px, np.log(scale * PERSON_HEIGHT)))
    to_px = np.column_stack((scale, scale, 1 / pelvis[:, 2]))
    metres = covariance.diagonal(axis1=1, axis2=2)
    # Off the axis a wrong depth moves the image, too.
    slope = np.column_stack((pelvis[:, :2] / pelvis[:, 2:3], np.zeros(len(pelvis))))
    box_covariance = np.zeros((len(pelvis), 3, 2, 2))
    box_covariance[..., 0, 0] = to_px**2 * (metres[:, :3] + slope**2 * metres[:, 2:3])
    box_covariance[..., 0, 0] += _box_variance(box[..., 0])
    box_covariance[..., 1, 1] = to_px**2 * metres[:, 3:]
    return box, box_covariance


def of_other_reference(motion: Motion) -> Motion:
    """Motion whose velocities are from now on relative to something else: off by CAMERA_SPEED."""
    covariance, box_covariance = motion.pelvis_covariance.copy(), motion.box_covariance.copy()
    covariance[:, 3:, 3:] += np.eye(3) * CAMERA_SPEED**2
    box_covariance[..., 1, 1] += _box_speed(motion.box[..., 0], motion.pelvis, CAMERA_SPEED) ** 2
    return Motion(motion.pelvis, covariance, motion.box, box_covariance)


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


def with_lasting_errors(motion: Motion, bodies: Bodies) -> Motion:
    """`motion` as others may rely on it: the filter's doubt, and what is wrong with all of the
    measurements alike. bodies: row i is the one that track i was last measured with."""
    measured = positive_definite(bodies.pelvis_covariance_cam.astype(np.float64), 0.0)
    # Products of rotations are symmetric but for their rounding.
    lasting = LASTING_SHARE * (measured + measured.swapaxes(-1, -2)) / 2
    covariance = motion.pelvis_covariance.copy()
    covariance[:, :3, :3] += lasting
    return replace(motion, pelvis_covariance=covariance)


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
    covariance = (covariance + covariance.swapaxes(-1, -2)) / 2
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

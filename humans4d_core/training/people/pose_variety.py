"""More poses than were captured: mirrored, mixed, seated, lying, near the limits of joints."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ...recovery.landmarks.joint_limits import ACTIVE_JOINTS, joint_limits
from .mirror import mirrored_rotations

_UPPER, _LEFT_ARM, _RIGHT_ARM = (3, 6, 9, 12, 15), (13, 16, 18, 20), (14, 17, 19, 21)
_LEFT_LEG, _RIGHT_LEG = (1, 4, 7), (2, 5, 8)
_LIMBS = (_LEFT_ARM, _RIGHT_ARM, _LEFT_LEG + _RIGHT_LEG, _UPPER, _LEFT_LEG, _RIGHT_LEG)
_LOW, _HIGH, _ = joint_limits()
#: Share of people who keep the captured pose: what people mostly do is captured.
AS_CAPTURED = 0.35
#: rad, standard deviation of how a camera is rolled that somebody wanted level, the share of the
#: others, and how far those go.
ROLL, TILTED, MOST_ROLL = 0.06, 0.2, np.radians(50)
#: y up to the camera's y down, z away.
_UP_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


def varied(local: np.ndarray, poses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A pose (24, 3, 3) made of `local` and, here and there, of others (F, 24, 3, 3)."""
    local = local.astype(np.float64)
    if rng.random() < 0.5:
        local = mirrored_rotations(local)
    if rng.random() < AS_CAPTURED:
        return local
    if rng.random() < 0.6:
        for limb in _LIMBS:
            if rng.random() < 0.3:
                other = poses[rng.integers(len(poses))]
                other = mirrored_rotations(other) if rng.random() < 0.5 else other
                local[list(limb)] = other[list(limb)]
    if rng.random() < 0.25:
        for pair, share in (((16, 18), 0.6), ((17, 19), 0.6), ((1, 4), 0.25), ((2, 5), 0.25)):
            if rng.random() < share:
                for joint in pair:
                    local[joint] = _anywhere(joint, rng)
    if rng.random() < 0.15:
        local = seated(local, rng)
    if rng.random() < 0.12:
        local[0] = _tipped_over(rng) @ local[0]
    wrists = Rotation.from_rotvec(rng.normal(0, 0.2, (2, 3))).as_matrix()
    local[20:22] = local[20:22] @ wrists
    return local


def _anywhere(joint: int, rng: np.random.Generator) -> np.ndarray:
    row = int(np.flatnonzero(joint == ACTIVE_JOINTS)[0])
    share = rng.beta(1.3, 1.3, 3)
    return Rotation.from_rotvec(_LOW[row] + share * (_HIGH[row] - _LOW[row])).as_matrix()


def seated(local: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hips and knees of a chair, a stool or the floor."""
    local = local.copy()
    bend, knee = rng.normal(-1.4, 0.3), rng.normal(1.35, 0.4)
    for hip, knee_joint, side in ((1, 4, 1), (2, 5, -1)):
        turn = rng.normal(0, 0.2, 3)
        turn[0] = np.clip(bend + rng.normal(0, 0.15), -2.2, -0.6)
        turn[2] += side * 0.15
        local[hip] = Rotation.from_rotvec(turn).as_matrix()
        turn = rng.normal(0, 0.05, 3)
        turn[0] = np.clip(knee + rng.normal(0, 0.25), 0, 2.6)
        local[knee_joint] = Rotation.from_rotvec(turn).as_matrix()
    return local


def _tipped_over(rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.3:
        return Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix()
    lean = rng.choice([-1, 1], 2) * rng.uniform(0.6, 1.7, 2) * (rng.random() < 0.6, 1)
    return Rotation.from_euler("zx", lean).as_matrix()


def before_camera(local: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A pose (24, 3, 3) of the world, y up, in the axes of a camera that looks at it, and how many
    metres away the camera is: 0.3 to 8 m high, 2 to 14 m away, one in five of them rolled."""
    yaw = Rotation.from_euler("y", rng.uniform(-np.pi, np.pi)).as_matrix()
    is_low = rng.random() < 0.75
    height = np.exp(rng.uniform(np.log(0.3), np.log(4.5))) if is_low else rng.uniform(1, 8)
    distance = np.exp(rng.uniform(np.log(2.0), np.log(14.0)))
    pitch = np.arctan2(height - 0.9, distance) + rng.normal(0, 0.05)
    roll = rng.normal(0, ROLL)
    if rng.random() < TILTED:
        roll = rng.uniform(-MOST_ROLL, MOST_ROLL)
    tilt = Rotation.from_euler("zx", [roll, -pitch]).as_matrix()
    local = local.copy()
    local[0] = tilt @ _UP_TO_CAMERA @ yaw @ local[0]
    return local, float(np.hypot(distance, height - 0.9))

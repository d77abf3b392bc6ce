"""How the camera moved from one image to the next, from poses that may be missing or wrong.

The filters keep people in the axes of the last image's camera, and are carried into those of the
next: a walk in a frame that does not move, however far that frame's origin is away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..types import Pose

#: s without a usable pose through which the camera is taken to move on as before.
BRIDGED_SECONDS = 0.5

#: What a camera's motion can deviate from that of the step before: m and rad at once, m/s^2 and
#: rad/s^2. More is a jump of whoever says where the camera is, not of the camera.
JUMP = (0.1, 0.1)
JUMP_ACCELERATION = (30.0, 60.0)

#: m/s and rad/s that a camera reaches whose motion before is unknown.
TOP_SPEED = (20.0, 10.0)


@dataclass(frozen=True)
class CameraStep:
    """What the time between two images did to what is known of the camera."""

    #: Moves points that stand still from the last camera's axes to this one's; None: not at all.
    new_from_old: Pose | None
    #: From here on velocities are relative to the fixed frame, and were to the camera; or reverse.
    is_other_reference: bool
    is_known: bool  #: whether velocities are relative to the fixed frame


class CameraMotion:
    """Follows one camera. A tracker owns it and asks once an image.

    Poses that are missing or no rigid motion (NaN, a matrix that is no rotation) are bridged for
    BRIDGED_SECONDS by the last known velocity; after that the camera counts as unknown, as one
    whose poses were never given, until the next pose. A pose that jumps starts a new path there:
    the step itself is taken to have gone on as before.
    """

    def __init__(self) -> None:
        self._pose: Pose | None = None  # fixed frame from camera; extrapolated where bridged
        self._velocity: np.ndarray | None = None  # (6,) m/s, rad/s of new_from_old
        self._unseen = 0.0  # s since the last usable pose

    def step(self, fixed_from_camera: Pose | None, seconds: float) -> CameraStep:
        """The camera `seconds` (>= 0) later, where it is said to be at `fixed_from_camera`."""
        pose = fixed_from_camera if _is_rigid(fixed_from_camera) else None
        before = self._pose
        if pose is None:
            self._unseen += seconds
            if before is None or self._unseen > BRIDGED_SECONDS:
                self._pose = self._velocity = None
                return CameraStep(None, before is not None, False)
            expected = self._expected(seconds)
            self._pose = before if expected is None else before @ expected.inverse()
            return CameraStep(expected, False, True)
        self._unseen, self._pose = 0.0, pose
        if before is None:
            return CameraStep(None, True, True)
        expected = self._expected(seconds)
        said = pose.inverse() @ before
        if self._is_jump(said, expected, seconds):
            self._velocity = None
            return CameraStep(expected, False, True)
        if seconds > 0:
            turn = Rotation.from_matrix(said.rotation).as_rotvec()
            self._velocity = np.concatenate((said.translation, turn)) / seconds
        return CameraStep(said, False, True)

    def _expected(self, seconds: float) -> Pose | None:
        """new_from_old of a camera that moves on as before; None where it stands."""
        if self._velocity is None:
            return None
        motion = self._velocity * seconds
        return Pose(Rotation.from_rotvec(motion[3:]).as_matrix(), motion[:3])

    def _is_jump(self, said: Pose, expected: Pose | None, seconds: float) -> bool:
        if expected is None:
            limits = np.array(JUMP) + np.array(TOP_SPEED) * seconds
            apart = said
        else:
            limits = np.array(JUMP) + np.array(JUMP_ACCELERATION) * seconds**2 / 2
            apart = said @ expected.inverse()
        turned = np.arccos(np.clip((np.trace(apart.rotation) - 1) / 2, -1, 1))
        return bool(np.linalg.norm(apart.translation) > limits[0] or turned > limits[1])


def _is_rigid(pose: Pose | None) -> bool:
    """Whether there is a pose: finite, of a rotation."""
    if pose is None or not (
        np.isfinite(pose.rotation).all() and np.isfinite(pose.translation).all()
    ):
        return False
    unity = np.abs(pose.rotation @ pose.rotation.T - np.eye(3)).max()
    return bool(unity < 1e-3 and np.linalg.det(pose.rotation) > 0)

"""The words everyone uses: camera, frame, detections, bodies, people.

Everything is in the camera's optical frame (x right, y down, z forward; metres, pixels, seconds)
unless a suffix says otherwise. People travel as one structure of arrays with a leading N, from
the network to the message: there is no object per person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .batch import Batch
from .camera import DISTORTION_MODELS, Camera
from .errors import ImageError

__all__ = [
    "APPEARANCE_SIZE",
    "BONES",
    "DISTORTION_MODELS",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "Bodies",
    "Camera",
    "Detections",
    "Forecast",
    "Frame",
    "People",
    "Pose",
    "Posture",
    "TrackState",
]

#: Names of SMPL's 24 joints, in order.
JOINT_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip

#: Index of each joint's parent in SMPL's kinematic tree; the root has -1.
JOINT_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
#: (23, 2) each joint but the root, and its parent.
BONES = np.array([(joint, parent) for joint, parent in enumerate(JOINT_PARENTS) if parent >= 0])

#: Numbers that describe a person's clothes: four for each of four parts of the body.
APPEARANCE_SIZE = 16


@dataclass(frozen=True)
class Pose:
    """Where a frame is in another one: rotates and moves points of the first into the second."""

    rotation: np.ndarray  #: (3, 3) float64
    translation: np.ndarray  #: (3,) float64, m

    def __post_init__(self) -> None:
        rotation = np.array(self.rotation, np.float64)
        translation = np.array(self.translation, np.float64)
        if rotation.shape != (3, 3) or translation.shape != (3,):
            raise ValueError(f"pose has shapes {rotation.shape}, {translation.shape}")
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", translation)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(*, 3) m in the first frame -> (*, 3) in the second."""
        return points @ self.rotation.T + self.translation

    def inverse(self) -> Pose:
        """The second frame in the first."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation)

    def __matmul__(self, other: Pose) -> Pose:
        """`other` first, then this one."""
        return Pose(self.rotation @ other.rotation, self.apply(other.translation))


@dataclass(frozen=True)
class Frame:
    """One image with its time and camera, and what else is known of the scene."""

    image_bgr: np.ndarray  #: (H, W, 3) uint8
    stamp_ns: int  #: integer nanoseconds; travels to every output
    camera: Camera
    frame_id: str = "camera_optical_frame"
    #: The camera in a frame that does not move, such as odom, at the stamp. None: unknown, and
    #: people's motion is then relative to the camera.
    fixed_from_camera: Pose | None = None
    #: The camera in a frame whose plane z = 0, z up, is the ground that people stand on. None:
    #: unknown.
    ground_from_camera: Pose | None = None
    #: (H, W) float32 metres along the optical axis, of the image's pixels; 0 or NaN: unknown.
    depth_m: np.ndarray | None = None
    #: Place in its video, folder or bag: 1 = first, unreadable ones count too. 0: of none.
    number: int = 0

    def __post_init__(self) -> None:
        image = self.image_bgr
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ImageError(
                f"image has shape {image.shape} and type {image.dtype}: expected (H, W, 3) uint8"
            )
        if image.shape[:2] != (self.camera.height, self.camera.width):
            raise ImageError(
                f"image is {image.shape[1]}x{image.shape[0]} but its camera is "
                f"{self.camera.width}x{self.camera.height}: use the CameraInfo of this image"
            )
        depth = self.depth_m
        if depth is not None and (depth.shape != image.shape[:2] or depth.dtype != np.float32):
            raise ImageError(
                f"depth has shape {depth.shape} and type {depth.dtype}: expected "
                f"{image.shape[:2]} float32, aligned to the image"
            )


@dataclass(frozen=True)
class Detections(Batch):
    """People found in an image."""

    boxes_px: np.ndarray  #: (N, 4) float32: x_min, y_min, x_max, y_max
    scores: np.ndarray  #: (N,) float32 in [0, 1]

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def surest(self, most: int) -> Detections:
        """The `most` of the highest scores, in the order that they are in."""
        if len(self) <= most:
            return self
        order = np.argsort(-self.scores, kind="stable")
        return self.select(np.sort(order[:most]))


@dataclass(frozen=True)
class Bodies(Batch):
    """Bodies of N people in the camera's optical frame, all float32."""

    boxes_px: np.ndarray  #: (N, 4) x_min, y_min, x_max, y_max
    scores: np.ndarray  #: (N,) in [0, 1], of detection and recovery together
    global_orient: np.ndarray  #: (N, 3, 3) rotation from SMPL's axes to the camera's
    body_pose: np.ndarray  #: (N, 23, 3, 3) rotations relative to the parent joint
    betas: np.ndarray  #: (N, B) shape of the body model `body_model`; SMPL has 10
    translation_cam: np.ndarray  #: (N, 3) m; SMPL's translation, NOT the pelvis
    vertices_cam: np.ndarray  #: (N, V, 3) m
    joints_cam: np.ndarray  #: (N, 24, 3) m, SMPL's joints
    joints_px: np.ndarray  #: (N, 24, 2) pixels
    joint_confidence: np.ndarray  #: (N, 24) in [0, 1], how clearly the image shows them
    pelvis_covariance_cam: np.ndarray  #: (N, 3, 3) m^2, long along the viewing ray
    recovery: str  #: who made it: "landmarks", "hmr2"
    body_model: str  #: whose betas and vertices: "anny", "smpl"
    #: (N,) size relative to that of a body of these betas: vertices and joints are the body
    #: model's times this, plus the translation. None: 1.
    scale: np.ndarray | None = None
    #: (N, 24) in [0, 1], probability that a joint is within 0.1 m of the true one, seen from the
    #: pelvis. Not given: joint_confidence.
    joint_probability: np.ndarray = None  # type: ignore[assignment]
    #: (N,) m at the person's depth, mean distance of the body to the landmarks that it was made of,
    #: in the image. -1, or not given: there were none.
    image_error: np.ndarray = None  # type: ignore[assignment]
    #: (N,) s since the image that the pose was recovered from. Not given: 0, it is of this one.
    pose_age: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.joint_probability is None:
            object.__setattr__(self, "joint_probability", self.joint_confidence)
        if self.image_error is None:
            object.__setattr__(self, "image_error", np.full(len(self.scores), -1, np.float32))
        if self.pose_age is None:
            object.__setattr__(self, "pose_age", np.zeros(len(self.scores), np.float32))

    @property
    def is_stood_up(self) -> np.ndarray:
        """(N,) bool: nothing of the pose was recovered; an average body stands in the box."""
        return np.asarray(~self.joint_confidence.any(axis=1))

    @property
    def pelvis_cam(self) -> np.ndarray:
        """Hip midpoint: (N, 3) m (REP-155's body origin)."""
        return (self.joints_cam[:, 1] + self.joints_cam[:, 2]) / 2

    @classmethod
    def empty(
        cls, num_vertices: int, recovery: str, body_model: str, num_betas: int = 10
    ) -> Bodies:
        """Nobody; joined with others, it has to have as many vertices and betas as they."""

        def zeros(*shape: int) -> np.ndarray:
            return np.zeros((0, *shape), np.float32)

        return cls(
            zeros(4), zeros(), zeros(3, 3), zeros(23, 3, 3), zeros(num_betas), zeros(3),
            zeros(num_vertices, 3), zeros(24, 3), zeros(24, 2), zeros(24), zeros(3, 3),
            recovery, body_model,
        )  # fmt: skip


class TrackState(IntEnum):
    """Where a track is in its life. The numbers are those of humans4d_msgs/HumanMesh."""

    UNKNOWN = 0
    TENTATIVE = 1  #: seen, not yet long enough to be believed
    CONFIRMED = 2  #: believed, and seen in this image
    OCCLUDED = 3  #: believed, not seen in this image: its body is predicted
    LOST = 4  #: gone; said once, in the last list that names the track


class Posture(IntEnum):
    """What a person's body does. The numbers are those of humans4d_msgs/HumanMesh."""

    UNKNOWN = 0
    STANDING = 1
    SITTING = 2
    CROUCHING = 3
    LYING = 4


@dataclass(frozen=True)
class People(Batch):
    """Tracked people at one stamp: what a frame becomes."""

    track_ids: np.ndarray  #: (N,) uint32, from 1, never reused by a tracker
    person_ids: np.ndarray  #: (N,) uint32, names the person again after a long absence
    states: np.ndarray  #: (N,) uint8, TrackState
    #: (N,) int64, stamp of the last image that showed the person; 0 where time jumped back since.
    last_seen_ns: np.ndarray
    confidence: np.ndarray  #: (N,) float32 in [0, 1]
    bodies: Bodies  #: N bodies; predicted where the state is OCCLUDED or LOST
    #: (N, 3) float32 m/s, of the pelvis in the axes of the camera: relative to the fixed frame
    #: where the Frame has one, otherwise to the camera.
    velocity_cam: np.ndarray
    position_covariance_cam: np.ndarray  #: (N, 3, 3) float32 m^2, of the pelvis
    velocity_covariance_cam: np.ndarray  #: (N, 3, 3) float32 m^2/s^2
    #: (N,) int64, stamp of the image that the body's pose comes from; 0: of none. Not given: the
    #: last sight's less the body's pose_age, where a pose was recovered at all.
    last_recovered_ns: np.ndarray = None  # type: ignore[assignment]
    #: (N, APPEARANCE_SIZE) float32, colours of the clothes (tracking.appearance.descriptor). Not
    #: given: nothing seen.
    appearance: np.ndarray = None  # type: ignore[assignment]
    postures: np.ndarray = None  # type: ignore[assignment]  #: (N,) uint8, Posture; or UNKNOWN
    posture_probability: np.ndarray = None  # type: ignore[assignment]  #: (N,) float32, 0..1

    def __post_init__(self) -> None:
        n = len(self.track_ids)
        if self.last_recovered_ns is None:
            age_ns = np.rint(self.bodies.pose_age.astype(float) * 1e9).astype(np.int64)
            recovered_ns = np.where(self.bodies.is_stood_up, 0, self.last_seen_ns - age_ns)
            object.__setattr__(self, "last_recovered_ns", recovered_ns)
        if self.appearance is None:
            object.__setattr__(self, "appearance", np.zeros((n, APPEARANCE_SIZE), np.float32))
        if self.postures is None:
            object.__setattr__(self, "postures", np.full(n, Posture.UNKNOWN, np.uint8))
        if self.posture_probability is None:
            object.__setattr__(self, "posture_probability", np.zeros(n, np.float32))

    @property
    def is_present(self) -> np.ndarray:
        """(N,) bool: CONFIRMED or OCCLUDED, there whether seen or hidden."""
        return np.isin(self.states, (TrackState.CONFIRMED, TrackState.OCCLUDED))

    @classmethod
    def empty(cls, num_vertices: int, recovery: str, body_model: str) -> People:
        """Nobody."""
        ids, none_3x3 = np.zeros(0, np.uint32), np.zeros((0, 3, 3), np.float32)
        return cls(
            ids, ids, np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.float32),
            Bodies.empty(num_vertices, recovery, body_model), np.zeros((0, 3), np.float32),
            none_3x3, none_3x3,
        )  # fmt: skip


@dataclass(frozen=True)
class Forecast(Batch):
    """Where N people are expected to be: what planners steer around."""

    positions_cam: np.ndarray  #: (N, T, 3) float32 m, of the pelvis
    covariances_cam: np.ndarray  #: (N, T, 3, 3) float32 m^2, positive definite

"""Published people, from rclpy or out of a bag: humans4d_msgs/TrackedPeople as `People`.

The message's definition is taken from the sourced workspace or from this source tree, never from
the bag: see `bag_messages`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import InputFileError
from ...shown_text import shown
from ...types import APPEARANCE_SIZE, JOINT_NAMES, Bodies, Forecast, People
from .bag_messages import join_stamp

PACKAGE = "humans4d_msgs"
TRACKED_PEOPLE = f"{PACKAGE}/msg/TrackedPeople"
#: Names that REP-103 gives to frames with z forward and y down.
OPTICAL = ("_optical_frame", "_optical")
NUM_JOINTS = len(JOINT_NAMES)


def message_definitions(path: Path) -> Path:
    """The folder of humans4d_msgs, with msg/*.msg in it; `path`: the bag, for the message.

    Raises InputFileError where it is not here.
    """
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    places = [Path(prefix, "share", PACKAGE) for prefix in prefixes if prefix]
    places.append(Path(__file__).parents[3] / "ros2_ws" / "src" / PACKAGE)
    for place in places:
        if (place / "msg" / "TrackedPeople.msg").is_file():
            return place
    raise InputFileError(
        f"{shown(path)}: the definition of {TRACKED_PEOPLE} is not here: source the ROS workspace"
    )


def message_to_people(message) -> People:
    """People of a TrackedPeople, from rclpy or from rosbags; in the frame of its header.

    The measurement's covariance is not in the message: `bodies.pelvis_covariance_cam` is the
    track's. Raises ValueError where arrays do not have the length that the message promises.
    """
    meshes = message.people

    def rows(name: str, *shape: int) -> np.ndarray:
        arrays = [np.asarray(getattr(mesh, name), np.float32) for mesh in meshes]
        return np.stack(arrays).reshape(len(meshes), *shape)

    def numbers(values, dtype=np.float32) -> np.ndarray:
        return np.array([values(mesh) for mesh in meshes], dtype)

    if not len(meshes):
        return _nobody(message.recovery, message.body_model)
    rotations = Rotation.from_rotvec(rows("joint_rotations", -1, 3).reshape(-1, 3)).as_matrix()
    rotations = rotations.astype(np.float32).reshape(len(meshes), NUM_JOINTS, 3, 3)
    pose_covariance = numbers(lambda m: m.pose.covariance).reshape(-1, 6, 6)[:, :3, :3]
    twist_covariance = numbers(lambda m: m.twist.covariance).reshape(-1, 6, 6)[:, :3, :3]
    bodies = Bodies(
        boxes_px=numbers(lambda m: (m.box_x_min, m.box_y_min, m.box_x_max, m.box_y_max)),
        scores=numbers(lambda m: m.score),
        global_orient=rotations[:, 0],
        body_pose=rotations[:, 1:],
        betas=rows("betas", -1),
        translation_cam=numbers(lambda m: _xyz(m.smpl_translation)),
        vertices_cam=rows("vertices", -1, 3),
        joints_cam=rows("joints", NUM_JOINTS, 3),
        joints_px=rows("joints_px", NUM_JOINTS, 2),
        joint_confidence=rows("joint_confidence", NUM_JOINTS),
        pelvis_covariance_cam=pose_covariance,
        recovery=message.recovery,
        body_model=message.body_model,
        scale=numbers(lambda m: m.scale),
    )
    return People(
        track_ids=numbers(lambda m: m.track_id, np.uint32),
        person_ids=numbers(lambda m: m.person_id, np.uint32),
        states=numbers(lambda m: m.state, np.uint8),
        last_seen_ns=numbers(lambda m: join_stamp(m.last_seen), np.int64),
        confidence=numbers(lambda m: m.confidence),
        bodies=bodies,
        velocity_cam=numbers(lambda m: _xyz(m.twist.twist.linear)),
        position_covariance_cam=pose_covariance,
        velocity_covariance_cam=twist_covariance,
        **_later_fields(meshes),
    )


def people_of_bag(message, path: Path, topic: str) -> People:
    """`message_to_people` of a message on a bag's topic; InputFileError where it is damaged."""
    try:
        return message_to_people(message)
    except ValueError as error:
        raise InputFileError(
            f"{shown(path)}: a message on {shown(topic)} is not as promised: {shown(error)}"
        ) from None


def message_to_forecast(message, people: People) -> Forecast:
    """A PeopleForecast, row by row as `people`; NaN: nothing is told of them.

    Raises ValueError where arrays do not have the length that the message promises.
    """
    steps = len(message.seconds)
    found = {int(each.track_id): each for each in message.people}
    positions = np.full((len(people), steps, 3), np.nan, np.float32)
    covariances = np.full((len(people), steps, 3, 3), np.nan, np.float32)
    for row, track_id in enumerate(people.track_ids.tolist()):
        if (told := found.get(track_id)) is not None:
            positions[row] = np.asarray(told.positions, np.float32).reshape(steps, 3)
            covariances[row] = np.asarray(told.covariances, np.float32).reshape(steps, 3, 3)
    return Forecast(positions, covariances)


def _later_fields(meshes) -> dict[str, np.ndarray]:
    """Of messages of this version; {} where they were recorded before these fields came."""
    if not hasattr(meshes[0], "last_recovered"):
        return {}
    appearance = np.zeros((len(meshes), APPEARANCE_SIZE), np.float32)
    for row, mesh in zip(appearance, meshes, strict=True):
        if len(mesh.appearance):
            row[:] = mesh.appearance
    return {
        "last_recovered_ns": np.array([join_stamp(m.last_recovered) for m in meshes], np.int64),
        "appearance": appearance,
        "postures": np.array([mesh.posture for mesh in meshes], np.uint8),
        "posture_probability": np.array([m.posture_probability for m in meshes], np.float32),
    }


def _nobody(recovery: str, body_model: str) -> People:
    none, none_3x3 = np.zeros(0, np.float32), np.zeros((0, 3, 3), np.float32)
    ids = np.zeros(0, np.uint32)
    return People(
        ids, ids, np.zeros(0, np.uint8), np.zeros(0, np.int64), none,
        Bodies.empty(0, recovery, body_model), np.zeros((0, 3), np.float32), none_3x3, none_3x3,
    )  # fmt: skip


def _xyz(vector) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z

"""People <-> messages: the only place that knows the fields of humans4d_msgs.

Reads both rclpy's messages and those that rosbags deserialised; a program that only reads needs no
built humans4d_msgs, so that is imported where messages are made. Variable-length fields are
assigned as `array.array`: anything else sends rclpy through a check of every number.
"""

from __future__ import annotations

import inspect
import math
from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from humans4d_core.recovery.upright import UprightRecovery
from humans4d_core.types import (
    JOINT_NAMES,
    JOINT_PARENTS,
    Bodies,
    Forecast,
    People,
)

#: Longest time (s) from stamp to publication that is believed to be a latency.
LONGEST_LATENCY = 60.0
#: Variance of what is not estimated.
UNKNOWN_VARIANCE = 1e9
#: Columns of SMPL's axes (left, up, forward) that are REP-155's x (forward), y (left), z (up).
SMPL_TO_REP155 = [2, 0, 1]
NUM_JOINTS = len(JOINT_NAMES)
#: HumanMesh.recovery of a body that stands in its box without a recovered pose.
UPRIGHT = UprightRecovery.name
#: Newer versions of scipy make matrices orthogonal first, longer work than all the rest here.
_TAKES_VALID = "assume_valid" in inspect.signature(Rotation.from_matrix).parameters
_ASSUME_VALID = {"assume_valid": True} if _TAKES_VALID else {}


def people_to_message(
    people: People,
    *,
    stamp_ns: int,
    frame_id: str,
    image_size: tuple[int, int] = (0, 0),
    detector: str = "",
    seconds: Mapping[str, float] | None = None,
    with_vertices: bool = True,
):
    """TrackedPeople of `people`, who are in the frame `frame_id` at `stamp_ns`.

    `image_size` is width and height. `seconds` are a pipeline Result's. The figures that only a
    publisher knows, `latency_seconds` and `node_seconds`, are NaN: it fills them in.
    """
    from humans4d_msgs.msg import TrackedPeople

    message = TrackedPeople()
    fill_header(message.header, stamp_ns, frame_id)
    message.image_width, message.image_height = image_size
    message.recovery = people.bodies.recovery
    message.body_model = people.bodies.body_model
    message.detector = detector
    message.latency_seconds = message.node_seconds = math.nan
    seconds = seconds or {}
    message.detect_seconds = float(seconds.get("detect", math.nan))
    message.recover_seconds = float(seconds.get("recover", math.nan))
    message.track_seconds = float(seconds.get("track", math.nan))
    if len(people):
        message.people = _human_meshes(people, with_vertices)
    return message


def _human_meshes(people: People, with_vertices: bool) -> list:
    from humans4d_msgs.msg import HumanMesh

    bodies = people.bodies
    count = len(people)
    # Plain Python numbers, all at once: rclpy takes no numpy scalars.
    track_ids, person_ids = people.track_ids.tolist(), people.person_ids.tolist()
    states, last_seen = people.states.tolist(), people.last_seen_ns.tolist()
    last_recovered = people.last_recovered_ns.tolist()
    recoveries = np.where(bodies.is_stood_up, UPRIGHT, bodies.recovery).tolist()
    postures, posture_probability = people.postures.tolist(), people.posture_probability.tolist()
    confidence, scores = people.confidence.tolist(), bodies.scores.tolist()
    boxes = bodies.boxes_px.tolist()
    translations = bodies.translation_cam.tolist()
    scales = np.ones(count).tolist() if bodies.scale is None else bodies.scale.tolist()
    positions, quaternions = (poses.tolist() for poses in body_poses(bodies))
    velocities = people.velocity_cam.tolist()
    pose_covariance = _covariance_6x6(people.position_covariance_cam)
    twist_covariance = _covariance_6x6(people.velocity_covariance_cam)
    rotations = np.concatenate((bodies.global_orient[:, None], bodies.body_pose), axis=1)
    axis_angles = _rotation(rotations.reshape(-1, 3, 3)).as_rotvec()
    betas = _rows(bodies.betas)
    joint_rotations = _rows(axis_angles.reshape(count, -1))
    joints = _rows(bodies.joints_cam)
    joint_confidence = _rows(bodies.joint_probability)
    joints_px = _rows(bodies.joints_px)
    appearance = _rows(people.appearance)
    is_dressed = people.appearance[:, 3::4].any(axis=1).tolist()
    vertices = _rows(bodies.vertices_cam) if with_vertices else [array("f")] * count

    meshes = []
    for i in range(count):
        mesh = HumanMesh()
        mesh.track_id, mesh.person_id, mesh.state = track_ids[i], person_ids[i], states[i]
        mesh.last_seen.sec, mesh.last_seen.nanosec = split_stamp(last_seen[i])
        mesh.recovery = recoveries[i]
        mesh.last_recovered.sec, mesh.last_recovered.nanosec = split_stamp(last_recovered[i])
        if is_dressed[i]:
            mesh.appearance = appearance[i]
        mesh.posture, mesh.posture_probability = postures[i], posture_probability[i]
        mesh.confidence, mesh.score = confidence[i], scores[i]
        mesh.box_x_min, mesh.box_y_min, mesh.box_x_max, mesh.box_y_max = boxes[i]
        pose = mesh.pose.pose
        pose.position.x, pose.position.y, pose.position.z = positions[i]
        turn = pose.orientation
        turn.x, turn.y, turn.z, turn.w = quaternions[i]
        mesh.pose.covariance = pose_covariance[i]
        linear = mesh.twist.twist.linear
        linear.x, linear.y, linear.z = velocities[i]
        mesh.twist.covariance = twist_covariance[i]
        translation = mesh.smpl_translation
        translation.x, translation.y, translation.z = translations[i]
        mesh.betas, mesh.scale = betas[i], scales[i]
        mesh.joint_rotations = joint_rotations[i]
        mesh.joints = joints[i]
        mesh.joint_confidence = joint_confidence[i]
        mesh.joints_px = joints_px[i]
        mesh.vertices = vertices[i]
        meshes.append(mesh)
    return meshes


def forecast_to_message(
    people: People,
    forecast: Forecast,
    seconds: Sequence[float],
    *,
    stamp_ns: int,
    frame_id: str,
):
    """PeopleForecast of those of `people` who are present; `forecast` is of all of them, T =
    seconds, in the same frame."""
    from humans4d_msgs.msg import HumanForecast, PeopleForecast

    there = people.is_present
    people, forecast = people.select(there), forecast.select(there)
    message = PeopleForecast()
    fill_header(message.header, stamp_ns, frame_id)
    message.seconds = array("f", seconds)
    message.people = [
        HumanForecast(
            track_id=track_id,
            person_id=person_id,
            state=state,
            positions=positions,
            covariances=covariances,
        )
        for track_id, person_id, state, positions, covariances in zip(
            people.track_ids.tolist(),
            people.person_ids.tolist(),
            people.states.tolist(),
            _rows(forecast.positions_cam),
            _rows(forecast.covariances_cam),
            strict=True,
        )
    ]
    return message


def latency_seconds(stamp_ns: int, now_ns: int) -> float:
    """Seconds from an image's stamp to now; NaN where that is no latency (another day's bag)."""
    latency = (now_ns - stamp_ns) * 1e-9
    return latency if 0 <= latency <= LONGEST_LATENCY else math.nan


def body_model_to_message(body):
    """BodyModel message of a humans4d_core.body.BodyModel."""
    from humans4d_msgs.msg import BodyModel

    faces = np.ascontiguousarray(body.faces, np.uint32)
    return BodyModel(
        name=body.name,
        num_vertices=int(body.num_vertices),
        faces=array("I", faces.tobytes()),
        joint_names=list(JOINT_NAMES),
        parents=array("i", JOINT_PARENTS),
    )


def body_poses(bodies: Bodies) -> tuple[np.ndarray, np.ndarray]:
    """REP-155's body frame in the frame of `bodies`: hip midpoints (N, 3) m, quaternions (N, 4) as
    x, y, z, w. N must not be 0."""
    axes = bodies.global_orient[:, :, SMPL_TO_REP155]
    return bodies.pelvis_cam.astype(np.float64), rotations_to_quaternions(axes)


def rotations_to_quaternions(matrices: np.ndarray) -> np.ndarray:
    """(N, 3, 3), orthogonal but for rounding -> (N, 4) as x, y, z, w. N must not be 0."""
    return _rotation(matrices).as_quat()


def fill_header(header, stamp_ns: int, frame_id: str) -> None:
    """Write a std_msgs/Header."""
    header.stamp.sec, header.stamp.nanosec = split_stamp(stamp_ns)
    header.frame_id = frame_id


def split_stamp(stamp_ns: int) -> tuple[int, int]:
    """Nanoseconds -> seconds and nanoseconds of a Time message."""
    return divmod(int(stamp_ns), 1_000_000_000)


def _rotation(matrices: np.ndarray) -> Rotation:
    """(N, 3, 3), orthogonal but for rounding."""
    return Rotation.from_matrix(np.asarray(matrices, np.float64), **_ASSUME_VALID)


def _rows(values: np.ndarray) -> list[array]:
    """(N, ...) -> N flat arrays of float32."""
    values = np.ascontiguousarray(values, np.float32)
    return [array("f", row.tobytes()) for row in values]


def _covariance_6x6(covariance: np.ndarray) -> np.ndarray:
    """(N, 3, 3) of the translation -> (N, 36); the rotation is unknown."""
    full = np.zeros((len(covariance), 6, 6))
    full[:, :3, :3] = covariance
    full[:, [3, 4, 5], [3, 4, 5]] = UNKNOWN_VARIANCE
    return full.reshape(-1, 36)

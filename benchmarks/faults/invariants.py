"""What must hold in every single message that the node publishes, whatever came in.

Each function takes a message (of rclpy or anything with the same fields) and returns sentences, one
for each thing that is wrong: an empty list is a sound message. What must hold from one message to
the next is in histories.py.
"""

from __future__ import annotations

import math

import numpy as np

#: m from the frame's origin: no camera recognises a person further away.
FARTHEST = 1e4
#: m; a forecast goes on from there with the person's velocity.
FARTHEST_FORECAST = FARTHEST + 1e3
#: m/s; people do not run faster than 12.5.
FASTEST = 30.0
#: Of what is not estimated (HumanMesh.msg).
UNKNOWN_VARIANCE = 1e9
NUM_BETAS, NUM_JOINTS = 10, 24
TENTATIVE, CONFIRMED, OCCLUDED, LOST = 1, 2, 3, 4


def nanoseconds(stamp) -> int:
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def wrong_with_people(message) -> list[str]:
    """A TrackedPeople."""
    wrong = []
    ids = [person.track_id for person in message.people]
    if len(set(ids)) < len(ids):
        wrong.append("a track_id appears twice")
    believed = [p.person_id for p in message.people if p.state in (CONFIRMED, OCCLUDED)]
    if len(set(believed)) < len(believed):
        wrong.append("two believed people have one person_id")
    for name in ("latency", "node", "detect", "recover", "track"):
        seconds = getattr(message, f"{name}_seconds")
        if not (math.isnan(seconds) or 0 <= seconds < math.inf):
            wrong.append(f"{name}_seconds is {seconds:g}")
    stamp = nanoseconds(message.header.stamp)
    if stamp <= 0:
        wrong.append("the stamp is not above zero")
    for person in message.people:
        found = _wrong_with_person(person, stamp)
        wrong += [f"{text} (track {person.track_id}, state {person.state})" for text in found]
    return wrong


def _wrong_with_person(person, stamp: int) -> list[str]:
    wrong = []
    if person.track_id == 0:
        wrong.append("track_id is 0")
    if not 0 < person.person_id <= person.track_id:
        wrong.append(f"person_id {person.person_id} is not between 1 and the track_id")
    if person.state not in (TENTATIVE, CONFIRMED, OCCLUDED, LOST):
        wrong.append("the state is none of the four")
    last_seen = nanoseconds(person.last_seen)
    if last_seen > stamp:
        wrong.append("last_seen is later than the stamp")
    if person.state == CONFIRMED and last_seen != stamp:
        wrong.append("CONFIRMED, but not seen in this image")
    for name in ("confidence", "score"):
        if not 0 <= getattr(person, name) <= 1:
            wrong.append(f"{name} is {getattr(person, name):g}")
    box = [getattr(person, f"box_{side}") for side in ("x_min", "y_min", "x_max", "y_max")]
    if not np.isfinite(box).all() or box[0] >= box[2] or box[1] >= box[3]:
        wrong.append(f"the box is {np.round(box, 1).tolist()}")
    pose = person.pose.pose
    wrong += wrong_with_place("pose", _xyz(pose.position), FARTHEST)
    wrong += wrong_with_turn("pose", pose.orientation)
    if not (speed := np.abs(_xyz(person.twist.twist.linear)).max()) <= FASTEST:
        wrong.append(f"the velocity is {speed:g} m/s")
    if not np.isfinite(_xyz(person.twist.twist.angular)).all():
        wrong.append("the angular velocity is not finite")
    for name in ("pose", "twist"):
        covariance = np.reshape(getattr(person, name).covariance, (6, 6))
        wrong += wrong_with_covariance(name, covariance)
    return wrong + _wrong_with_body(person)


def _wrong_with_body(person) -> list[str]:
    wrong = []
    lengths = {
        "betas": NUM_BETAS,
        "joint_rotations": 3 * NUM_JOINTS,
        "joints": 3 * NUM_JOINTS,
        "joint_confidence": NUM_JOINTS,
        "joints_px": 2 * NUM_JOINTS,
    }
    for name, length in lengths.items():
        values = np.asarray(getattr(person, name), np.float64)
        if len(values) != length:
            wrong.append(f"{name} has {len(values)} numbers, not {length}")
        elif name == "joints_px":  # NaN: behind the camera
            if np.isinf(values).any():
                wrong.append("joints_px are infinite")
        elif not np.isfinite(values).all():
            wrong.append(f"{name} are not finite")
        elif name == "joints":
            wrong += wrong_with_place("a joint", values, FARTHEST)
    if not np.isfinite(np.asarray(person.vertices)).all():
        wrong.append("vertices are not finite")
    if np.abs(np.asarray(person.betas)).max(initial=0) > 20:
        wrong.append("betas are above 20 standard deviations")
    confidence = np.asarray(person.joint_confidence)
    if not ((confidence >= 0) & (confidence <= 1)).all():
        wrong.append("joint_confidence is not between 0 and 1")
    turns = np.asarray(person.joint_rotations, np.float64)
    if len(turns) % 3 == 0 and (np.linalg.norm(turns.reshape(-1, 3), axis=1) > np.pi + 1e-3).any():
        wrong.append("a joint is turned by more than pi")
    if not 0 < person.scale < math.inf:
        wrong.append(f"the scale is {person.scale:g}")
    return wrong + wrong_with_place("smpl_translation", _xyz(person.smpl_translation), 2 * FARTHEST)


def wrong_with_forecasts(message) -> list[str]:
    """A PeopleForecast."""
    wrong = []
    seconds = np.asarray(message.seconds, np.float64)
    if not (len(seconds) and seconds[0] > 0 and (np.diff(seconds) > 0).all()):
        wrong.append(f"the times are {seconds[:5].tolist()}")
    ids = [person.track_id for person in message.people]
    if len(set(ids)) < len(ids):
        wrong.append("a track_id appears twice")
    for person in message.people:
        positions = np.asarray(person.positions, np.float64)
        covariances = np.asarray(person.covariances, np.float64)
        if person.state not in (CONFIRMED, OCCLUDED):
            wrong.append(f"state {person.state} is forecast")
        if len(positions) != 3 * len(seconds) or len(covariances) != 9 * len(seconds):
            wrong.append("positions or covariances are not as many as the times")
            continue
        wrong += wrong_with_place("a forecast position", positions, FARTHEST_FORECAST)
        covariances = covariances.reshape(-1, 3, 3)
        wrong += wrong_with_covariance("forecast", covariances)
        spread = np.trace(covariances, axis1=1, axis2=2)
        if (np.diff(spread) < -1e-5 * np.abs(spread[:-1])).any():
            wrong.append("a forecast becomes surer with time")
    return wrong


def wrong_with_body_model(message) -> list[str]:
    """A BodyModel."""
    wrong = []
    faces = np.asarray(message.faces, np.int64)
    if not message.name:
        wrong.append("the body has no name")
    if not len(faces) or len(faces) % 3 or faces.max(initial=0) >= message.num_vertices:
        wrong.append("faces are not triangles of its vertices")
    parents = np.asarray(message.parents, np.int64)
    if len(message.joint_names) != NUM_JOINTS or len(set(message.joint_names)) != NUM_JOINTS:
        wrong.append("joint_names are not 24 different names")
    if len(parents) != NUM_JOINTS or (parents >= np.arange(len(parents))).any():
        wrong.append("a joint's parent does not come before it")
    if not len(parents) or parents[0] != -1 or (parents[1:] < 0).any():
        wrong.append("there is not exactly one root, the first joint")
    return wrong


def wrong_with_place(what: str, values, farthest: float) -> list[str]:
    """Coordinates in metres, any number of them."""
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        return [f"{what} is not finite"]
    if np.abs(values).max(initial=0) > farthest:
        return [f"{what} is {np.abs(values).max():.3g} m away"]
    return []


def wrong_with_turn(what: str, turn) -> list[str]:
    """A Quaternion."""
    length = math.hypot(turn.x, turn.y, turn.z, turn.w)
    return [] if abs(length - 1) < 1e-4 else [f"{what}'s quaternion has the length {length:g}"]


def wrong_with_covariance(what: str, covariance: np.ndarray) -> list[str]:
    """(*, K, K). What is unknown is only asked to be that."""
    if not np.isfinite(covariance).all():
        return [f"{what} covariance is not finite"]
    # To correlations, so that metres and what is unknown weigh the same.
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    if (variance <= 0).any():
        return [f"{what} covariance has a variance of {variance.min():g}"]
    scale = np.sqrt(variance)
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    if np.abs(correlation - np.swapaxes(correlation, -1, -2)).max() > 1e-5:
        return [f"{what} covariance is not symmetric"]
    if np.linalg.eigvalsh(correlation).min() <= 0:
        return [f"{what} covariance is not positive definite"]
    return []


def _xyz(vector) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z

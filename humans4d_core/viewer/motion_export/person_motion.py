"""A person's pose over time, at an even frame rate, in a world with z up and the floor at 0.

seen rows of people.jsonl -> gaps cut or filled -> even times -> world axes -> feet on the floor
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from ...body import BodyModel
from ...errors import Humans4dError
from ...types import TrackState
from ..recording import Recording
from ..view_frame import level_pose

#: Images of a person below which there is no motion.
FEWEST = 2
#: Largest frame rate, 1/s: stamps a microsecond apart are no film.
FASTEST = 240.0
#: A world with z up -> one with y up.
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@dataclass(frozen=True)
class PersonMotion:
    """T frames of one person. Vertices are scale * body(rotations, betas) + translation."""

    person_id: int
    first_second: float  #: of the recording
    frame_rate: float  #: 1/s
    rotations: np.ndarray  #: (T, 24, 3, 3) relative to the parent; the first SMPL's axes -> world
    translation: np.ndarray  #: (T, 3) m
    betas: np.ndarray  #: (B,)
    scale: float
    rest_joints: np.ndarray  #: (24, 3) m, of the body of these betas times scale
    body: BodyModel

    @property
    def pelvis(self) -> np.ndarray:
        """(T, 3) m, SMPL's first joint in the world: turning the body leaves it where it is."""
        return self.translation + self.rest_joints[0]

    def in_y_up(self) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (T, 24, 3, 3) and pelvis (T, 3) m in a world with y up, as viewers have it."""
        rotations = self.rotations.copy()
        rotations[:, 0] = Y_UP @ rotations[:, 0]
        return rotations, self.pelvis @ Y_UP.T


def motions_of(
    recording: Recording, person_id: int, longest_gap: float = 1.0, frame_rate: float | None = None
) -> list[PersonMotion]:
    """The motion of a person, cut where nobody saw him for more than `longest_gap` seconds.

    Only images that showed the person count; shorter gaps are filled by turning evenly from one
    pose to the next. frame_rate: 1/s; None: the recording's own. The world's axes are the
    camera's, turned upright by the mean direction of gravity: a camera that moves takes the world
    along. Raises Humans4dError where the person is not in the recording, or was seen once.
    """
    body = recording.body
    if body is None:
        raise Humans4dError("the body model of this recording is not here: name it with --body")
    seconds, rows, ups = _sights(recording, person_id)
    if len(seconds) < FEWEST:
        known = ", ".join(map(str, sorted(recording.people)[:20])) or "nobody"
        what = "was seen once" if len(seconds) else "was never seen"
        raise Humans4dError(f"person {person_id} {what}; people of the recording: {known}")
    steps = np.diff(seconds)
    rate = frame_rate or float(np.clip(1 / np.median(steps), 0.1, FASTEST))
    world = level_pose(np.mean(ups, axis=0) if ups else None).rotation
    betas = np.median([row[3] for row in rows], axis=0).astype(np.float32)
    scale = float(np.median([row[4] for row in rows]))
    _, rest_joints = body.at_rest(betas)
    lines = [np.stack([row[k] for row in rows]) for k in range(3)]
    motions = []
    for part in np.split(np.arange(len(seconds)), np.flatnonzero(steps > longest_gap) + 1):
        if len(part) < FEWEST:
            continue
        first, last = seconds[part[0]], seconds[part[-1]]
        times = np.minimum(np.arange(first, last + 0.01 / rate, 1 / rate), last)
        orient, pose, pelvis = (_at(times, seconds[part], line[part]) for line in lines)
        # SMPL turns about its pelvis joint, which is off the origin.
        moved = pelvis @ world.T - scale * rest_joints[0]
        rotations = np.concatenate(((world @ orient)[:, None], pose), axis=1)
        motion = PersonMotion(
            person_id, float(times[0]), rate, rotations, moved, betas, scale,
            scale * rest_joints, body,
        )  # fmt: skip
        motions.append(_on_the_floor(motion))
    return motions


def _sights(recording: Recording, person_id: int) -> tuple[np.ndarray, list, list]:
    """Seconds (K,) of the images that showed the person, the bodies there, gravity's opposites."""
    seconds: list[float] = []
    rows, ups = [], []
    for number in recording.people.get(person_id, ()):
        frame = recording.frame(number, with_meshes=False)
        people, second = frame.people, (frame.stamp_ns - recording.stamps_ns[0]) / 1e9
        seen = (people.person_ids == person_id) & (people.states == TrackState.CONFIRMED)
        bodies = people.bodies
        seen &= np.isfinite(bodies.joints_cam[:, 0]).all(1)
        if not seen.any() or (seconds and second <= seconds[-1]):
            continue
        row = int(np.flatnonzero(seen)[0])
        assert bodies.scale is not None
        rows.append((
            bodies.global_orient[row], bodies.body_pose[row], bodies.joints_cam[row, 0],
            bodies.betas[row], bodies.scale[row],
        ))  # fmt: skip
        seconds.append(second)
        ups.append(frame.world_from_camera.rotation[2])
    return np.array(seconds), rows, ups


def _at(times: np.ndarray, seconds: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (K, 3), or rotations (K, 3, 3) or (K, J, 3, 3), of `seconds` at `times`."""
    if values.ndim == 2:
        return np.stack([np.interp(times, seconds, column) for column in values.T], axis=1)
    joints = values.reshape(len(values), -1, 3, 3).transpose(1, 0, 2, 3).astype(np.float64)
    turned = [Slerp(seconds, Rotation.from_matrix(each))(times).as_matrix() for each in joints]
    return np.stack(turned, axis=1).reshape(len(times), *values.shape[1:])


def _on_the_floor(motion: PersonMotion) -> PersonMotion:
    """The lowest point of the body at height 0, in the median over time."""
    lowest = []
    frames = np.arange(len(motion.rotations))
    for some in np.array_split(frames, len(frames) // 64 + 1):
        turns = motion.rotations[some]
        betas = np.broadcast_to(motion.betas, (len(some), len(motion.betas)))
        heights = motion.body(turns[:, 0], turns[:, 1:], betas).vertices[..., 2]
        lowest.append(motion.scale * heights.min(1) + motion.translation[some, 2])
    down = np.array((0, 0, np.median(np.concatenate(lowest))))
    return replace(motion, translation=motion.translation - down)

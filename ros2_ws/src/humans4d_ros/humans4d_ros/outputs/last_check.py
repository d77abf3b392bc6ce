"""The last look at people before they are published: whatever came in, what goes out can be.

A person whose numbers cannot be is left out and counted; so is a velocity. Who had been published
before is said to be LOST then, with the last numbers that could be, and is not named again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from humans4d_core.tracking.ended_tracks import as_lost, can_join, joined_people
from humans4d_core.types import Bodies, People, Pose, TrackState

from ..diagnostics.counters import Counters

#: m, from the camera and from the origin of the frame that people are published in. Beyond it
#: float32 is coarser than a millimetre.
FARTHEST = 1e4
#: m/s along an axis, of a person or of a camera that drives.
FASTEST = 30.0
#: m from the hips to any joint or point of the skin.
REACH = 10.0
#: Standard deviations of a shape coefficient.
OUTERMOST_BETA = 20.0
#: Variance (m^2/s^2) of a velocity that is not known: above 1e9 also where rotating rounds it.
UNKNOWN_VARIANCE = 2e9


@dataclass(frozen=True)
class Checked:
    """What may be published."""

    people: People
    #: Rows of the tracker's people that are the first rows of `people`.
    rows: np.ndarray


class LastCheck:
    """Remembers whom the last list named. The worker's own."""

    def __init__(self, counters: Counters | None = None):
        self._counters = counters
        self._told: People | None = None  # the last list
        self._withheld = np.zeros(0, np.uint32)  # ids that the tracker still names and nobody may

    @property
    def knows_anybody(self) -> bool:
        """Whether the last list named somebody who is not LOST."""
        return self._told is not None and bool((self._told.states != TrackState.LOST).any())

    def check(self, people: People, pose: Pose | None = None) -> Checked:
        """`people`, in the camera's frame, but for those who cannot be; `pose` leads to the frame
        that they are published in. Who was told of and is missing is LOST."""
        people = self._with_possible_velocities(people)
        ids, is_lost = people.track_ids, people.states == TrackState.LOST
        possible = possible_people(people, pose)
        told = self._told
        told_ids = ids[:0] if told is None else told.track_ids[told.states != TrackState.LOST]
        known = np.isin(ids, told_ids)
        named = ~np.isin(ids, self._withheld) & (known | ~is_lost)
        keep = possible & named
        if self._counters is not None and not possible.all():
            self._counters.people_withheld(int((~possible & named).sum()), 0)
        self._withheld = ids[~keep & ~is_lost]
        rows = np.flatnonzero(keep)
        checked = people if keep.all() else people.select(rows)
        gone = ~np.isin(told_ids, checked.track_ids)
        if gone.any():
            lost = as_lost(told.select(np.isin(told.track_ids, told_ids[gone])))
            if can_join(checked, lost):
                checked = joined_people(checked, lost)
        self._told = checked
        return Checked(checked, rows)

    def end(self) -> People | None:
        """Everybody whom the last list named, as LOST, and without a mesh: nobody will be drawn.
        None where it named nobody."""
        told, self._told = self._told, None
        if told is None or not (told.states != TrackState.LOST).any():
            return None
        bodies = replace(told.bodies, vertices_cam=told.bodies.vertices_cam[:, :0])
        return as_lost(replace(told, bodies=bodies))

    def _with_possible_velocities(self, people: People) -> People:
        velocity, covariance = people.velocity_cam, people.velocity_covariance_cam
        with np.errstate(invalid="ignore"):
            possible = (np.abs(velocity) <= FASTEST).all(1)
        possible &= _are_covariances(covariance, np.inf)
        with np.errstate(invalid="ignore"):
            spread = np.diagonal(covariance, axis1=1, axis2=2)
            possible &= (spread <= FASTEST**2).all(1)
        if possible.all():
            return people
        if self._counters is not None:
            self._counters.people_withheld(0, int((~possible).sum()))
        unknown = np.eye(3, dtype=np.float32) * np.float32(UNKNOWN_VARIANCE)
        return replace(
            people,
            velocity_cam=np.where(possible[:, None], velocity, np.float32(0)),
            velocity_covariance_cam=np.where(possible[:, None, None], covariance, unknown),
        )


def possible_people(people: People, pose: Pose | None) -> np.ndarray:
    """(N,) bool: whether everything about a person but the velocity can be."""
    bodies = people.bodies
    # Comparisons with NaN are false: what is not a number cannot be.
    with np.errstate(invalid="ignore", over="ignore"):
        pelvis = bodies.pelvis_cam.astype(np.float64)
        possible = np.linalg.norm(pelvis, axis=1) <= FARTHEST
        if pose is not None:
            possible &= (np.abs(pose.apply(pelvis)) <= FARTHEST).all(1)
        possible &= (np.abs(bodies.joints_cam - pelvis[:, None]) <= REACH).all((1, 2))
        possible &= _are_near(bodies)
        possible &= (np.abs(bodies.betas) <= OUTERMOST_BETA).all(1)
        possible &= (np.abs(bodies.translation_cam - pelvis) <= REACH).all(1)
        possible &= np.isfinite(bodies.boxes_px).all(1)
        for share in (people.confidence, bodies.scores, bodies.joint_confidence.T):
            inside = (share >= 0) & (share <= 1)
            possible &= inside if inside.ndim == 1 else inside.all(0)
        for rotations in (bodies.global_orient[:, None], bodies.body_pose):
            possible &= (np.abs(rotations) <= 1.01).all((1, 2, 3))
        if bodies.scale is not None:
            possible &= (bodies.scale > 0) & (bodies.scale <= REACH)
    return possible & _are_covariances(people.position_covariance_cam, FARTHEST**2)


def _are_near(bodies: Bodies) -> np.ndarray:
    """(N,) bool: whether no vertex is farther away than a person can be."""
    points = bodies.vertices_cam
    if not points.size:
        return np.ones(len(bodies), bool)
    farthest = FARTHEST + REACH
    return (points.max((1, 2)) <= farthest) & (points.min((1, 2)) >= -farthest)


def _are_covariances(covariances: np.ndarray, largest: float) -> np.ndarray:
    """(N, 3, 3) -> (N,) bool: finite and positive definite, no variance above `largest`."""
    finite = np.isfinite(covariances).all((1, 2))
    values = np.linalg.eigvalsh(np.where(finite[:, None, None], covariances, 0).astype(np.float64))
    return finite & (values[:, 0] > 0) & (values[:, -1] <= largest)

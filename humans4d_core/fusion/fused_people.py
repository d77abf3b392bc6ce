"""The people of groups of sights: one body each, where the cameras together say it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..body import BodyModel
from ..tracking.ended_tracks import joined_people
from ..types import Bodies, People, TrackState
from .bent_body import bent
from .groups import best_bodies, members
from .joint_fusion import fused_joints, resized, viewing_rays
from .same_person import Seen
from .sights import Sights, Told


def people_of_groups(
    sights: Sights,
    groups: np.ndarray,
    seen: Seen,
    is_believed: np.ndarray,
    told: Sequence[Told | None],
) -> People:
    """G people, in the order of the groups; without ids and meshes.

    Each has the body of the camera that is surest of it; where several cameras have a pose, bent to
    the joints of all of them. There is no image that boxes and pixels could be of: they are NaN.
    is_believed: (G,) a camera has confirmed the person.
    """
    rows, is_given = members(groups, sights.is_seen, len(seen))
    everybody, number = _everybody(sights, told)
    best = number[best_bodies(sights, rows, is_given)]
    people, f32 = everybody.select(best), np.float32
    bodies = _bodies(sights, rows, is_given, seen, everybody.bodies, number, best, told)
    any_seen = sights.is_seen[rows[:, 0]]
    states = np.where(any_seen, TrackState.CONFIRMED, TrackState.OCCLUDED)
    return replace(
        people,
        bodies=bodies,
        states=np.where(is_believed, states, TrackState.TENTATIVE).astype(np.uint8),
        last_seen_ns=_largest(everybody.last_seen_ns, number[rows], is_given),
        confidence=_largest(everybody.confidence, number[rows], is_given),
        velocity_cam=seen.velocities.astype(f32),
        position_covariance_cam=seen.covariances.astype(f32),
        velocity_covariance_cam=seen.velocity_covariances.astype(f32),
        appearance=seen.appearance.astype(f32),
    )


def _bodies(
    sights: Sights,
    rows: np.ndarray,
    is_given: np.ndarray,
    seen: Seen,
    everybody: Bodies,
    number: np.ndarray,
    best: np.ndarray,
    told: Sequence[Told | None],
) -> Bodies:
    """The bodies of groups whose sights are `rows` (G, M): `everybody`'s `best` (G,), each of its
    size as several cameras know it, bent to their joints and moved to where the person is."""
    of_sight, cameras = number[rows], _camera_positions(sights, told)[rows]
    bodies, scale, f32 = everybody.select(best), everybody.scale, np.float32
    assert scale is not None
    posed = is_given & sights.has_pose[rows]
    weight = np.where(posed.any(1, keepdims=True), posed, is_given)
    sizes = scale[of_sight] * resized(sights.positions[rows], seen.positions[:, None], cameras)
    fused_scale = (sizes * weight).sum(1) / weight.sum(1)
    factor = (fused_scale / scale[best])[:, None, None]
    joints = (bodies.joints_cam - bodies.pelvis_cam[:, None]) * factor + seen.positions[:, None]
    rotations = np.concatenate((bodies.global_orient[:, None], bodies.body_pose), 1).astype(float)
    confidence = everybody.joint_probability[of_sight]
    several = np.flatnonzero(posed.sum(1) > 1)
    if len(several):
        chosen = rows[several]
        ratio = fused_scale[several, None] / scale[number[chosen]]
        rays = viewing_rays(sights.positions[chosen], sights.covariances[chosen], cameras[several])
        wanted = seen.positions[several, None] + fused_joints(
            everybody.joints_cam[number[chosen]] * ratio[..., None, None],
            confidence[several], rays, posed[several],
        )  # fmt: skip
        rotations[several], joints[several] = bent(rotations[several], joints[several], wanted)
    # SMPL's root joint is as far from its translation as the body is large.
    root = (bodies.joints_cam[:, 0] - bodies.translation_cam) * factor[:, 0]
    surest = np.where(is_given[..., None], confidence, 0).max(1).astype(f32)
    return replace(
        bodies,
        boxes_px=np.full((len(best), 4), np.nan, f32),
        joints_px=np.full((len(best), 24, 2), np.nan, f32),
        global_orient=rotations[:, 0].astype(f32),
        body_pose=rotations[:, 1:].astype(f32),
        joints_cam=joints.astype(f32),
        translation_cam=(joints[:, 0] - root).astype(f32),
        scale=fused_scale.astype(f32),
        joint_confidence=surest,
        joint_probability=surest,
        pelvis_covariance_cam=seen.covariances.astype(f32),
        scores=_largest(everybody.scores, of_sight, is_given),
    )


def with_mesh(people: People, body: BodyModel) -> People:
    """`people` with vertices."""
    bodies = people.bodies
    posed = body(bodies.global_orient, bodies.body_pose, bodies.betas)
    scale = np.ones(len(people), np.float32) if bodies.scale is None else bodies.scale
    vertices = posed.vertices * scale[:, None, None] + bodies.translation_cam[:, None]
    return replace(people, bodies=replace(bodies, vertices_cam=vertices))


def _everybody(sights: Sights, told: Sequence[Told | None]) -> tuple[People, np.ndarray]:
    """The people of all sights, and the row (S,) of each."""
    number = np.zeros(len(sights), int)
    everybody: People | None = None
    for camera in np.unique(sights.cameras).tolist():
        own = sights.cameras == camera
        people = told[camera].people.select(sights.rows[own])
        number[own] = np.arange(len(people)) + (0 if everybody is None else len(everybody))
        everybody = people if everybody is None else joined_people(everybody, people)
    assert everybody is not None
    return everybody, number


def _camera_positions(sights: Sights, told: Sequence[Told | None]) -> np.ndarray:
    """(S, 3) m; NaN where unknown."""
    places = np.full((len(told), 3), np.nan)
    for camera, each in enumerate(told):
        if each is not None and each.camera_position is not None:
            places[camera] = each.camera_position
    return places[sights.cameras]


def _largest(values: np.ndarray, rows: np.ndarray, is_given: np.ndarray) -> np.ndarray:
    return np.where(is_given, values[rows], values[rows[:, :1]]).max(1)

"""How right the bodies' rotations and surfaces are where a truth is SMPL's parameters.

MPJAE: mean angle between the true and the published orientation of root, hips, knees, shoulders and
elbows, in the camera's axes (the evaluation of 3DPW's challenge, 2020); PVE: mean distance of the
mesh's vertices, both relative to the middle of the hips, where SMPL's body was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...batch import Batch, joined
from ...body import BodyModel
from ...geometry.numpy_rotations import axis_angle, exponential
from ...types import JOINT_PARENTS
from ..results.people_table import BodyRows
from ..truth.smpl_bodies import smpl_body
from ..truth.truth import HIPS, TruthRows
from .error_rows import numbered
from .figures import Figure, error_figures
from .scene import NOBODY, Scene

ORIENTED = [0, 1, 2, 4, 5, 16, 17, 18, 19]
#: Bodies that are posed at once.
_AT_ONCE = 128
_STATISTICS = ("mean", "p50", "p95")


@dataclass(frozen=True)
class BodyErrors(Batch):
    """R published bodies beside their truth."""

    group: np.ndarray  #: (R,) whose, a number for each person and clip
    angle: np.ndarray  #: (R,) rad, mean over ORIENTED
    surface: np.ndarray  #: (R,) m, mean over the vertices; NaN: not SMPL's body, or none is here


def body_errors(
    scene: Scene,
    by_place: bool,
    bodies: BodyRows,
    truth_bodies: Path | None,
    number: int,
    is_smpl: bool,
) -> BodyErrors:
    """Of people who were seen and whose pose was recovered.

    bodies: of the same clip. truth_bodies: see TruthOptions. number: of the clip. is_smpl: whether
    SMPL's body was published.
    """
    matched = scene.believed_matches(by_place)
    shown = matched != NOBODY
    people = scene.people.select(scene.believed_rows[shown])
    truth = scene.truth.rows.select(matched[shown])
    good = (people.joint_confidence > 0).any(1) & truth.counts
    people, truth = people.select(good), truth.select(good)
    keys = _keys(bodies.frame, bodies.track_id)
    order = np.argsort(keys, kind="stable")
    rows = order[np.searchsorted(keys[order], _keys(people.frame, people.track_id))]
    own = bodies.select(rows)
    pose = np.concatenate((own.global_orient[:, None], own.body_pose), axis=1)
    local = exponential(pose.astype(np.float64))
    between = orientations(truth.rotations.astype(np.float64)).swapaxes(-1, -2)
    between = (between @ orientations(local))[:, ORIENTED]
    angles = np.linalg.norm(axis_angle(between), axis=-1)
    surface = np.full(len(people), np.nan)
    if is_smpl and truth_bodies is not None:
        surface = _surface_errors(local, own, truth, truth_bodies)
    group = numbered(truth.person) + (number << 40)
    return BodyErrors(group, angles.mean(1), surface)


def body_figures(parts: list[BodyErrors]) -> list[Figure]:
    """Over all bodies."""
    errors = joined(parts)
    return [
        *error_figures("MPJAE", errors.angle, errors.group, "rad", statistics=_STATISTICS),
        *error_figures("PVE", errors.surface, errors.group, "m", statistics=_STATISTICS),
    ]


def orientations(local: np.ndarray) -> np.ndarray:
    """Rotations (R, 24, 3, 3) relative to the parents -> in the axes of the first."""
    result = local.copy()
    for joint in range(1, 24):
        result[:, joint] = result[:, JOINT_PARENTS[joint]] @ local[:, joint]
    return result


def _surface_errors(
    local: np.ndarray, own: BodyRows, truth: TruthRows, truth_bodies: Path
) -> np.ndarray:
    published = smpl_body(truth_bodies, 0)
    result = np.full(len(own), np.nan)
    for gender in np.unique(truth.gender):
        true_body = smpl_body(truth_bodies, int(gender))
        of_gender = np.flatnonzero(truth.gender == gender)
        for some in np.array_split(of_gender, len(of_gender) // _AT_ONCE + 1):
            true = _from_hips(true_body, truth.rotations[some], truth.betas[some])
            ours = _from_hips(published, local[some], own.betas[some])
            ours *= own.scale[some, None, None]
            result[some] = np.linalg.norm(ours - true, axis=-1).mean(1)
    return result


def _from_hips(body: BodyModel, local: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Vertices (R, V, 3) m relative to the middle of the hips."""
    vertices, joints = body(local[:, 0], local[:, 1:], betas)
    return vertices - joints[:, HIPS].mean(1, keepdims=True)


def _keys(frame: np.ndarray, track_id: np.ndarray) -> np.ndarray:
    return (frame.astype(np.int64) << 32) | track_id

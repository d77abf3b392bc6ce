"""How right the bodies are where true joints are known.

Joints are those of SMPL that the truth has; both are taken relative to the middle of the hips.
MPJPE, PA-MPJPE: see pose_metrics; PCK: share of joints within 150 mm after the same alignment to
the hips (Mehta et al., "Monocular 3D Human Pose Estimation In The Wild", 2017); acceleration error:
mean length of the difference of second derivatives (Kanazawa et al., "Learning 3D Human Dynamics
from Video", 2019), here in m/s^2, whatever the frame rate; jitter: mean length of the third
derivative of the published joints, relative to the hips, m/s^3; heading_error: see `_turned`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...batch import Batch, joined
from ...types import JOINT_NAMES
from ..pose_metrics import pa_mpjpe
from ..results.people_table import PeopleRows
from ..truth.truth import HIPS, TruthRows
from .error_rows import numbered
from .figures import Figure, error_figures, mean_figure
from .scene import NOBODY, Scene

LEFT = [JOINT_NAMES.index(f"left_{name}") for name in ("hip", "shoulder")]
RIGHT = [JOINT_NAMES.index(f"right_{name}") for name in ("hip", "shoulder")]
WITHIN = 0.15  # m
#: True joints that make a pose comparable.
FEWEST_JOINTS = 6


@dataclass(frozen=True)
class PoseRows(Batch):
    """R recovered bodies beside their truth, joints relative to the middle of the hips."""

    group: np.ndarray  #: (R,) whose, a number for each person and clip
    track_id: np.ndarray  #: (R,)
    seconds: np.ndarray  #: (R,)
    joints: np.ndarray  #: (R, 24, 3) m
    truth: np.ndarray  #: (R, 24, 3) m; NaN: unknown
    heading_error: np.ndarray  #: (R,) rad, between the ways that both face on the ground


def pose_rows(scenes: list[Scene], by_place: dict[str, bool]) -> PoseRows:
    """Of people who were seen and whose pose was recovered."""
    parts = []
    for number, scene in enumerate(scenes):
        matched = scene.believed_matches(by_place[scene.name])
        shown = matched != NOBODY
        people = scene.people.select(scene.believed_rows[shown])
        rows = scene.truth.rows.select(matched[shown])
        known = np.isfinite(rows.joints_cam).all(2)
        recovered = (people.joint_confidence > 0).any(1)
        good = recovered & rows.counts & (known.sum(1) >= FEWEST_JOINTS) & known[:, HIPS].all(1)
        people, rows = people.select(good), rows.select(good)
        planes = scene.planes[scene.image_rows(people.frame)]
        parts.append(_rows(people, rows, planes, number))
    return joined(parts)


def pose_figures(rows: PoseRows) -> list[Figure]:
    """Over all bodies, and by joint."""
    if not len(rows):
        return []
    distance = np.linalg.norm(rows.joints - rows.truth, axis=-1)
    known = np.isfinite(distance)
    each = np.where(known.any(1), np.nansum(distance, 1) / np.maximum(known.sum(1), 1), np.nan)
    statistics = ("mean", "p50", "p95")
    figures = error_figures("MPJPE", each, rows.group, "m", statistics=statistics)
    figures += error_figures("PA-MPJPE", _aligned(rows), rows.group, "m", statistics=statistics)
    within = np.where(known, distance <= WITHIN, np.nan)
    share = np.nanmean(within, axis=1)
    figures.append(mean_figure("PCK.150mm", share, rows.group, "%", scale=100))
    acceleration = np.linalg.norm(_derivative(rows.joints - rows.truth, rows, 2), axis=-1)
    jitter = np.linalg.norm(_derivative(rows.joints, rows, 3), axis=-1)
    for name, values, unit in (
        ("acceleration_error", acceleration, "m/s^2"), ("jitter", jitter, "m/s^3"),
    ):  # fmt: skip
        seen = np.isfinite(values)
        mean = np.where(seen.any(1), np.nansum(values, 1) / np.maximum(seen.sum(1), 1), np.nan)
        figures.append(mean_figure(name, mean, rows.group, unit))
    figures += error_figures(
        "heading_error", rows.heading_error, rows.group, "rad", statistics=statistics
    )
    for joint, name in enumerate(JOINT_NAMES):
        if known[:, joint].any():
            figures.append(mean_figure("joint_error", distance[:, joint], rows.group, "m", name))
    return figures


def _rows(people: PeopleRows, truth: TruthRows, planes: np.ndarray, number: int) -> PoseRows:
    group = numbered(truth.person) + (number << 40)

    def from_hips(joints: np.ndarray) -> np.ndarray:
        joints = joints.astype(np.float64)
        return joints - joints[:, HIPS].mean(1, keepdims=True)

    published, true = from_hips(people.joints_cam), from_hips(truth.joints_cam)
    return PoseRows(
        group, people.track_id, people.stamp_ns * 1e-9, published, true,
        _turned(published, true, planes),
    )  # fmt: skip


def _turned(published: np.ndarray, true: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Angles (R,) between the lines from right to left of both, hips and shoulders (where they are
    known) together, on the ground: people face across that line."""
    across = true[:, LEFT] - true[:, RIGHT]
    known = np.isfinite(across).all(2)
    lines = []
    for joints in (published, true):
        line = np.where(known[..., None], joints[:, LEFT] - joints[:, RIGHT], 0).sum(1)
        lines.append(np.einsum("rij,rj->ri", planes, line))
    (a, b), (c, d) = (line.T for line in lines)
    return np.asarray(np.abs(np.arctan2(a * d - b * c, a * c + b * d)))


def _aligned(rows: PoseRows) -> np.ndarray:
    """PA-MPJPE (R,), of rows that know the same joints together."""
    result = np.full(len(rows), np.nan)
    known = np.isfinite(rows.truth).all(2)
    for pattern in np.unique(known, axis=0):
        same = (known == pattern).all(1)
        result[same] = pa_mpjpe(rows.joints[same][:, pattern], rows.truth[same][:, pattern])
    return result


def _derivative(values: np.ndarray, rows: PoseRows, order: int) -> np.ndarray:
    """(K, 24, 3) of each run of order + 1 images in a row of one track, by divided differences.

    Uneven times are taken as they are: order! times the divided difference.
    """
    sort = np.lexsort((rows.seconds, rows.track_id, rows.group))
    values, seconds = values[sort], rows.seconds[sort]
    same = (np.diff(rows.group[sort]) == 0) & (np.diff(rows.track_id[sort]) == 0)
    steps = np.diff(seconds)
    usual = np.median(steps[same]) if same.any() else np.inf
    good = same & (steps < 1.5 * usual) & (steps > 0)
    for k in range(1, order + 1):
        span = seconds[k:] - seconds[:-k]
        values = k * np.diff(values, axis=0) / np.where(span > 0, span, 1)[:, None, None]
    whole = np.convolve(good, np.ones(order), "valid") == order if len(good) >= order else good[:0]
    result = np.full((len(rows), *values.shape[1:]), np.nan)
    result[sort[: len(whole)][whole]] = values[: len(whole)][whole]
    return result

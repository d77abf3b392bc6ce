"""What can be said without a truth: what no person does.

id_churn: new ids a minute and person at once; ended_in_image: share of ids that end away from the
image's border; bone_change: standard deviation over the mean of each bone's length along a track;
foot_skating: speed on the ground of the lower foot, m/s, while the pelvis is slow (below 0.2 m/s);
foot_height: spread of the lower foot over the level ground along a track, m, where the direction of
gravity is known; speed: of people on
the ground; impossible_speed: share above 12 m/s (the fastest run is 12.4); impossible_size: share
of bodies whose hip to head is below 0.25 or above 1.1 m; jitter: third derivative of the pelvis;
image_error: reprojection, m at the person's depth between the body and the landmarks that the
network read in the image, where there were any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...batch import Batch
from ...types import BONES, JOINT_NAMES, TrackState
from ..results.image_table import ImageRows
from ..results.people_table import PeopleRows
from ..truth.truth import HIPS
from .figures import Figure, error_figures, mean_figure
from .scene import level_axes

FEET = [JOINT_NAMES.index("left_ankle"), JOINT_NAMES.index("right_ankle")]
HEAD = JOINT_NAMES.index("head")
SLOW, FASTEST = 0.2, 12.0  # m/s
SMALLEST, LARGEST = 0.25, 1.1  # m, from the hips to the head's joint
#: Images of a track that tell how it varies.
FEWEST_IMAGES = 5
BORDER = 0.05  #: share of the image's width and height


def self_check_figures(clips: list[tuple[ImageRows, PeopleRows]]) -> list[Figure]:
    """Of clips without, or with, a truth."""
    parts = [_of_clip(k, images, people) for k, (images, people) in enumerate(clips)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    tracks, rows = joined["of_track"], joined["of_row"]
    minutes = sum(float(part["person_minutes"][0]) for part in parts)
    new = sum(int(part["ids"][0]) for part in parts)
    figures = [Figure("self.id_churn", new / minutes if minutes else None, "1/min", count=new)]
    figures.append(mean_figure(
        "self.ended_in_image", joined["ended_inside"], joined["ended_group"], "%", scale=100
    ))  # fmt: skip
    for name in ("bone_change", "foot_height"):
        unit = "%" if name == "bone_change" else "m"
        figures += error_figures(f"self.{name}", joined[name], tracks, unit, statistics=_FEW)
    for name, unit in _OVER_TIME.items():
        figures += error_figures(f"self.{name}", joined[name], rows, unit, statistics=_FEW)
    for name in ("impossible_speed", "impossible_size"):
        figures.append(mean_figure(f"self.{name}", joined[name], rows, "%", scale=100))
    return figures


_FEW = ("mean", "p50", "p95")
#: What is told of every row of people: name -> unit.
_OVER_TIME = {"image_error": "m", "foot_skating": "m/s", "speed": "m/s", "jitter": "m/s^3"}


def self_checks_over_time(
    images: ImageRows, people: PeopleRows
) -> tuple[np.ndarray, dict[str, tuple[str, np.ndarray]]]:
    """Of a clip: the rows' seconds (R,) from its first image; name -> (unit, values (R,))."""
    values = _of_clip(0, images, people)
    start = int(images.stamp_ns.min()) if len(images) else 0
    seconds = (values["stamp_ns"] - start) * 1e-9
    return seconds, {name: (unit, values[name]) for name, unit in _OVER_TIME.items()}


@dataclass(frozen=True)
class _Seen(Batch):
    """People who were seen, track by track in the order of time; only what is looked at."""

    frame: np.ndarray
    stamp_ns: np.ndarray
    track_id: np.ndarray
    box: np.ndarray
    pelvis_cam: np.ndarray
    velocity_cam: np.ndarray
    joints_cam: np.ndarray
    joint_confidence: np.ndarray
    image_error: np.ndarray


def _seen(people: PeopleRows) -> _Seen:
    rows = np.flatnonzero(people.state == TrackState.CONFIRMED)
    rows = rows[np.lexsort((people.stamp_ns[rows], people.track_id[rows]))]
    return _Seen(**{name: getattr(people, name)[rows] for name in _Seen.__dataclass_fields__})


def _of_clip(number: int, images: ImageRows, people: PeopleRows) -> dict[str, np.ndarray]:
    """Values of one clip, by row of people who were seen, or by track."""
    seen = _seen(people)
    image = np.searchsorted(images.frame, seen.frame)
    is_level = np.asarray(np.isfinite(images.up_cam).all(1))
    up = images.up_or_level
    planes, up = level_axes(up)[image], up[image]
    group = (number << 40) + seen.track_id
    seconds = seen.stamp_ns * 1e-9
    same = np.diff(group) == 0
    steps = np.where(same, np.diff(seconds), np.nan)
    speed = np.linalg.norm(np.einsum("rij,rj->ri", planes, seen.velocity_cam), axis=1)
    recovered = np.asarray((seen.joint_confidence > 0).any(1))
    size = np.linalg.norm(seen.joints_cam[:, HEAD] - seen.joints_cam[:, HIPS].mean(1), axis=1)
    starts = np.flatnonzero(np.append(True, ~same)) if len(seen) else np.zeros(0, int)
    stops = np.append(starts, len(seen))[1:]
    tracks = [
        np.arange(start, stop)
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= FEWEST_IMAGES
    ]
    heights = np.einsum("rfj,rj->rf", seen.joints_cam[:, FEET], up).min(1)
    heights = np.where(recovered & is_level[image], heights, np.nan)
    usual = np.nanmedian(steps) if np.isfinite(steps).any() else 0.0
    return {
        "ids": np.array([len(starts)]),
        "person_minutes": np.array([len(seen) * usual / 60]),
        "of_row": group, "stamp_ns": seen.stamp_ns, "image_error": seen.image_error,
        "of_track": np.array([group[rows[0]] for rows in tracks], np.int64),
        "speed": speed,
        "impossible_speed": (speed > FASTEST).astype(float),
        "impossible_size": np.where(recovered, (size < SMALLEST) | (size > LARGEST), np.nan),
        "foot_skating": _skating(seen, planes, steps, speed, recovered),
        "jitter": _jitter(seen.pelvis_cam.astype(np.float64), seconds, group),
        "foot_height": np.array([_spread(heights[rows]) for rows in tracks], np.float64),
        "bone_change": np.array(
            [_bone_change(seen.joints_cam[rows], recovered[rows]) for rows in tracks], np.float64
        ),
        "ended_inside": _ended_inside(seen, stops, images, image),
        "ended_group": group[starts] if len(seen) else group,
    }  # fmt: skip


def _skating(seen, planes, steps, speed, recovered) -> np.ndarray:
    """(R,) m/s of the lower foot over the ground, relative to a camera that stands; NaN: moving."""
    result = np.full(len(seen), np.nan)
    if len(seen) < 2:
        return result
    feet = seen.joints_cam[:, FEET].astype(np.float64)
    moved = np.linalg.norm(
        np.einsum("rij,rfj->rfi", planes[:-1], feet[1:] - feet[:-1]), axis=-1
    ).min(1)
    slow = (speed[:-1] < SLOW) & recovered[:-1] & recovered[1:] & np.isfinite(steps)
    result[:-1] = np.where(slow, moved / np.where(steps > 0, steps, np.nan), np.nan)
    return result


def _jitter(places: np.ndarray, seconds: np.ndarray, group: np.ndarray) -> np.ndarray:
    """(R,) m/s^3, NaN where there are no four images in a row."""
    result = np.full(len(places), np.nan)
    if len(places) < 4:
        return result
    values = places
    for k in (1, 2, 3):
        span = seconds[k:] - seconds[:-k]
        values = k * np.diff(values, axis=0) / np.where(span > 0, span, np.nan)[:, None]
    same = group[3:] == group[:-3]
    usual = np.median(np.diff(seconds)[np.diff(group) == 0]) if same.any() else 0.0
    near = seconds[3:] - seconds[:-3] < 4.5 * usual
    result[:-3] = np.where(same & near, np.linalg.norm(values, axis=1), np.nan)
    return result


def _spread(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.std()) if len(values) >= FEWEST_IMAGES else np.nan


def _bone_change(joints: np.ndarray, recovered: np.ndarray) -> float:
    """Percent that bones of a track vary in length, the mean over bones."""
    if recovered.sum() < FEWEST_IMAGES:
        return np.nan
    first, last = BONES.T
    lengths = np.linalg.norm(joints[recovered][:, first] - joints[recovered][:, last], axis=-1)
    return float(100 * (lengths.std(0) / np.maximum(lengths.mean(0), 1e-6)).mean())


def _ended_inside(seen, stops, images: ImageRows, image: np.ndarray) -> np.ndarray:
    """(T,) whether a track's last box is away from the border; NaN: the clip ended with it."""
    if not len(seen):
        return np.zeros(0)
    last = stops - 1
    size = images.size[image[last]].astype(np.float64)
    box = seen.box[last].astype(np.float64)
    margin = BORDER * size
    inside = (box[:, :2] > margin).all(1) & (box[:, 2:] < size - margin).all(1)
    until_end = seen.stamp_ns[last] >= images.stamp_ns.max() - 1_000_000_000
    return np.where(until_end, np.nan, inside)

"""The bodies a frame publishes: the measured ones, and the predicted ones of people unseen."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from ..geometry.moved_bodies import moved
from ..types import Bodies, Camera, Pose


def usable_rows(bodies: Bodies, lowest_score: float) -> np.ndarray:
    """Rows that can be tracked, best first whatever the input's order.

    Usable: every number finite, a box with an area, a pelvis in front of the camera, a score of at
    least `lowest_score`.
    """
    usable = bodies.scores >= lowest_score
    with np.errstate(invalid="ignore", over="ignore"):
        for f in fields(bodies):
            value = getattr(bodies, f.name)
            if isinstance(value, np.ndarray):
                # One pass without a mask of the vertices' size: a sum of finite terms is finite.
                usable &= np.isfinite(np.add.reduce(value, axis=tuple(range(1, value.ndim))))
        usable &= (bodies.boxes_px[:, 2:] > bodies.boxes_px[:, :2]).all(axis=1)
        usable &= bodies.pelvis_cam[:, 2] > 0
    rows = np.flatnonzero(usable)
    keys = (*bodies.translation_cam[rows].T, *bodies.boxes_px[rows].T, -bodies.scores[rows])
    return rows[np.lexsort(keys)]


def starts_anew(
    last_stamp_ns: int | None, stamp_ns: int, last: Bodies | None, bodies: Bodies
) -> bool:
    """Whether a tracker has to begin anew: time went back, or `bodies`' meshes do not continue
    those that its tracks last had (None: it has no tracks)."""
    if last_stamp_ns is not None and stamp_ns < last_stamp_ns:
        return True
    if last is None or not len(bodies):
        return False
    return (
        bodies.body_model != last.body_model
        or bodies.vertices_cam.shape[1:] != last.vertices_cam.shape[1:]
    )


def bodies_of_tracks(
    measured: Bodies,
    rows: np.ndarray,
    is_measured: np.ndarray,
    previous: Bodies | None,
    previous_rows: np.ndarray,
    displacement: np.ndarray,
    new_from_old: Pose | None,
    camera: Camera,
) -> Bodies:
    """N bodies: `measured`'s `rows` where the mask `is_measured` (N,) is set, in its order,
    elsewhere `previous`' rows moved by `displacement` (m), seen from where the camera is now.

    Vertices are not copied when `measured` is already what is wanted.
    """
    if is_measured.all():
        if len(rows) == len(measured) and np.array_equal(rows, np.arange(len(rows))):
            return measured
        return measured.select(rows)
    assert previous is not None  # what is not measured was there before
    predicted = moved(previous.select(previous_rows), displacement, camera, new_from_old)
    if not is_measured.any():
        return predicted
    if (measured.scale is None) != (predicted.scale is None):
        measured, predicted = _with_scale(measured), _with_scale(predicted)
    changes: dict[str, Any] = {}
    for f in fields(measured):
        source = getattr(measured, f.name)
        if isinstance(source, np.ndarray):
            value = np.empty((len(is_measured), *source.shape[1:]), np.float32)
            value[is_measured] = source[rows]
            value[~is_measured] = getattr(predicted, f.name)
            changes[f.name] = value
    return replace(measured, **changes)


def smoothed_boxes(boxes_px: np.ndarray, filtered: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) half-way between those measured and the filter's (N, 3): float32.

    `filtered` is the filter's centre x, y px and log height px; boxes keep their aspect. The filter
    allows for swinging arms and feet behind a table, and lags; the detector jitters: the mean of
    both is nearer to the person than either.
    """
    boxes = boxes_px.astype(np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    centers = ((boxes[:, :2] + boxes[:, 2:]) / 2 + filtered[:, :2]) / 2
    half = sides * np.sqrt(np.exp(filtered[:, 2:]) / sides[:, 1:]) / 2
    return np.concatenate((centers - half, centers + half), axis=1).astype(np.float32)


def _with_scale(bodies: Bodies) -> Bodies:
    if bodies.scale is not None:
        return bodies
    return replace(bodies, scale=np.ones(len(bodies), np.float32))

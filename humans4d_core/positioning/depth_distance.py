"""Distance from a depth image: the skin that the camera sees is where the depth image has it."""

from __future__ import annotations

import numpy as np

from ..body import Surface
from ..config.positioning_config import DEFAULT, PositioningConfig
from ..geometry import project
from ..mesh.visibility import visible_vertices
from ..mesh.z_buffer import render
from ..types import Bodies, Camera, Frame
from .distance_evidence import DistanceFactor, seen_confidence

#: Points of a body whose depth is known, at least: fewer are an arm behind a table.
MIN_POINTS = 12

#: Relative confidence of a joint whose skin was seen rather than guessed.
SEEN_CONFIDENCE = 0.5

#: Columns and rows, at most, of the z-buffer that says which points are on the near side.
VISIBILITY_SIDE = 320

#: m, nearest and farthest depth that a sensor can mean.
NEAREST, FARTHEST = 0.1, 100.0


def depth_factor(
    frame: Frame,
    bodies: Bodies,
    surface: Surface,
    joints: np.ndarray,
    config: PositioningConfig = DEFAULT,
) -> DistanceFactor:
    """What frame.depth_m says of the distance of N bodies of `surface`'s model.

    joints: (K,) the joint that carries each of the surface's points. Of each visible point the
    depth at its pixel over its own; of these ratios the middle of the densest half (the "shorth"):
    holes are left out, and what stands before or behind less than half of the points is outvoted.
    The pelvis lies behind the skin by the body's own thickness, since the whole body is scaled.

    factor = measured depth / recovered depth (both m), so a metre of error in the measured depth
    is 1 / recovered depth of error in the factor, and the sensor's relative error is one of the
    factor's own size.
    """
    n = len(bodies)
    unknown = DistanceFactor(np.ones(n), np.full(n, np.inf))
    if frame.depth_m is None or not n:
        return unknown
    points = bodies.vertices_cam[:, surface.points]
    pixels = project(points, frame.camera)
    visible = _visible(points, surface.faces, frame.camera)
    visible &= seen_confidence(bodies, pixels, joints, frame.camera) >= SEEN_CONFIDENCE
    column, row = np.moveaxis(np.rint(np.where(visible[..., None], pixels, 0)).astype(int), -1, 0)
    depth = frame.depth_m[row, column].astype(np.float64)
    with np.errstate(invalid="ignore"):
        visible &= (depth > NEAREST) & (depth < FARTHEST)
    ratio = np.where(visible, depth, np.inf) / np.maximum(points[..., 2], NEAREST)
    middle, width, count = _densest_half(ratio)
    known = (count >= MIN_POINTS) & (middle > 0.2) & (middle < 5)
    middle = np.where(known, middle, 1.0)
    recovered_m = np.maximum(bodies.pelvis_cam[:, 2].astype(np.float64), NEAREST)
    # Half of a Gaussian lies within +-0.67 standard deviations. The pixels' errors are not
    # independent: their spread counts once, not divided by their number.
    spread = width / 1.35
    variance = (
        spread**2 + (config.skin_sigma / recovered_m) ** 2 + (config.sensor_sigma * middle) ** 2
    )
    return DistanceFactor(middle, np.where(known, variance, np.inf))


def _visible(points: np.ndarray, faces: np.ndarray, camera: Camera) -> np.ndarray:
    """Which points (N, K, 3) of people no other surface of people hides: (N, K) bool."""
    scale = min(VISIBILITY_SIDE / max(camera.width, camera.height), 1.0)
    width, height = (max(round(side * scale), 1) for side in (camera.width, camera.height))
    small = camera.scaled(width, height, kept_px=-0.5)
    zbuffer = render(points, faces, small)
    return visible_vertices(points, faces, small, zbuffer)


def _densest_half(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median and width of the shortest interval that holds half of each row's finite numbers.

    ratio (N, K), infinite where unknown -> (N,) each, and how many are known (N,). Rousseeuw and
    Leroy, "Robust Regression and Outlier Detection" (1987).
    """
    people, size = ratio.shape
    ratio = np.sort(ratio, axis=1)
    count = np.isfinite(ratio).sum(1)
    half = count // 2
    rows, first = np.arange(people), np.arange(size)[None]
    last = np.minimum(first + half[:, None], size - 1)
    with np.errstate(invalid="ignore"):
        width = np.take_along_axis(ratio, last, 1) - ratio
    width = np.where(first + half[:, None] < count[:, None], width, np.inf)
    best = width.argmin(1)
    middle = ratio[rows, best + half // 2]
    return middle, np.where(count > 0, width[rows, best], 0), count

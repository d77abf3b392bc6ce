"""What is known of a distance, made one Gaussian along the viewing ray.

A recovery says the distance r (m) of a pelvis. The true distance is

    d = f r + e        f ~ N(1, size)       the body's size, a factor: no unit
                       m = f + noise        each measurement of it, of a foot or of the skin
                       e ~ N(0, posture)    m: between what is measured and the pelvis

The product of the Gaussians of f has the mean F and the variance V, so that d has the mean F r and
the variance V r^2 + posture^2 (m^2): linear in f, so F is not in it. Across the ray an image fixes
an angle, so what was wrong by a metre at r is wrong by F metres at F r.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..config.positioning_config import DEFAULT, PositioningConfig
from ..types import Bodies
from .distance_evidence import DistanceFactor, size_evidence


def fuse_distances(
    bodies: Bodies,
    measurements: Sequence[DistanceFactor],
    config: PositioningConfig = DEFAULT,
) -> Bodies:
    """N bodies moved along their viewing rays to where everything that is known puts them.

    The body's own covariance says how well its size is known; it has the posture already.
    Measurements (N,) are taken in their order, the surest kind first. A body keeps its image: it is
    scaled about the camera's centre, and `scale` says by how much. Bodies are handed on as they are
    where nothing was measured.
    """
    measured = np.any([np.isfinite(m.variance) for m in measurements], axis=0)
    if not measured.any():
        return bodies
    size = size_evidence(bodies)
    value, variance = size.value, size.variance
    for measurement in measurements:
        value, variance = _combined(value, variance, measurement, config.believable)
    bounded = np.clip(value, config.smallest, config.largest)
    variance = variance + (value - bounded) ** 2  # what is cut off is not known
    value = np.where(measured, bounded, 1.0)
    pelvis = bodies.pelvis_cam.astype(np.float64)
    recovered_m2 = np.maximum((pelvis**2).sum(1), 1e-12)
    before_m2 = size.variance * recovered_m2
    after_m2 = np.minimum(variance * recovered_m2 + config.posture_sigma**2, before_m2)
    along = np.where(measured, np.sqrt(after_m2 / np.maximum(before_m2, 1e-12)), 1.0)
    factor = value.astype(np.float32)[:, None]
    return replace(
        bodies,
        translation_cam=bodies.translation_cam * factor,
        vertices_cam=bodies.vertices_cam * factor[..., None],
        joints_cam=bodies.joints_cam * factor[..., None],
        pelvis_covariance_cam=_stretched(bodies, value, along),
        scale=factor[:, 0] if bodies.scale is None else bodies.scale * factor[:, 0],
    )


def _stretched(bodies: Bodies, across: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Covariances (N, 3, 3) m^2 of pelvises whose errors grow by the factors `across` (N,) and
    `along` (N,) the viewing ray."""
    covariance = bodies.pelvis_covariance_cam.astype(np.float64)
    pelvis = bodies.pelvis_cam.astype(np.float64)
    ray = pelvis / np.maximum(np.linalg.norm(pelvis, axis=1, keepdims=True), 1e-6)
    stretch = across[:, None, None] * np.eye(3)
    stretch += (along - across)[:, None, None] * ray[:, :, None] * ray[:, None]
    return (stretch @ covariance @ stretch).astype(np.float32)


def _combined(
    value: np.ndarray, variance: np.ndarray, measurement: DistanceFactor, believable: float
) -> tuple[np.ndarray, np.ndarray]:
    """Product of Gaussians (N,), the second one doubted where it is far from the first: beyond
    `believable`, its standard deviation grows with the square of the distance."""
    known = np.isfinite(measurement.variance)
    noise = np.where(known, measurement.variance, 1.0)
    difference = np.where(known, measurement.value - value, 0.0)
    excess = difference**2 / (variance + noise) / believable
    noise = noise * np.maximum(excess, 1) ** 2
    gain = np.where(known, variance / (variance + noise), 0.0)
    return value + gain * difference, (1 - gain) * variance

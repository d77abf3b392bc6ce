"""What is known of a distance, made one Gaussian along the viewing ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..types import Bodies
from .evidence import DistanceFactor, size_evidence

#: Squared deviation (1 degree of freedom) that 99 % of honest measurements keep. A measurement
#: that is farther from what is already known is believed the less: its standard deviation grows
#: with the square of the distance. Somebody jumps, or stands on a step.
BELIEVABLE = 6.6

#: A body is never made nearer, farther than this: adults and children, not dolls and giants.
SMALLEST, LARGEST = 0.4, 2.0

#: m, standard deviation along the ray between the point that was measured (a foot, the skin) and
#: the pelvis: a recovery's pose leans a little to the front or back.
POSTURE_SIGMA = 0.08


def fused(bodies: Bodies, measurements: Sequence[DistanceFactor]) -> Bodies:
    """N bodies moved along their viewing rays to where everything that is known puts them.

    The body's own covariance says how well its size is known. Measurements (N,) are taken in their
    order, the surest kind first. A body keeps its image: it is scaled about the camera's centre,
    and `scale` says by how much. Bodies are handed on as they are where nothing was measured.
    """
    measured = np.any([np.isfinite(m.variance) for m in measurements], axis=0)
    if not measured.any():
        return bodies
    size = size_evidence(bodies)
    value, variance = size.value, size.variance
    for measurement in measurements:
        value, variance = _combined(value, variance, measurement)
    value = np.where(measured, np.clip(value, SMALLEST, LARGEST), 1.0)
    pelvis = bodies.pelvis_cam.astype(np.float64)
    square = np.maximum((pelvis**2).sum(1), 1e-12)
    # Along the ray, relative to the distance that is still the recovery's.
    after = value**2 * np.minimum(variance + POSTURE_SIGMA**2 / (value**2 * square), size.variance)
    change = np.where(measured, after - size.variance, 0.0)
    covariance = bodies.pelvis_covariance_cam.astype(np.float64)
    covariance += change[:, None, None] * pelvis[:, :, None] * pelvis[:, None]
    factor = value.astype(np.float32)[:, None]
    return replace(
        bodies,
        translation_cam=bodies.translation_cam * factor,
        vertices_cam=bodies.vertices_cam * factor[..., None],
        joints_cam=bodies.joints_cam * factor[..., None],
        pelvis_covariance_cam=covariance.astype(np.float32),
        scale=factor[:, 0] if bodies.scale is None else bodies.scale * factor[:, 0],
    )


def _combined(
    value: np.ndarray, variance: np.ndarray, measurement: DistanceFactor
) -> tuple[np.ndarray, np.ndarray]:
    """Product of Gaussians (N,), the second one doubted where it is far from the first."""
    known = np.isfinite(measurement.variance)
    noise = np.where(known, measurement.variance, 1.0)
    difference = np.where(known, measurement.value - value, 0.0)
    excess = difference**2 / (variance + noise) / BELIEVABLE
    noise = noise * np.maximum(excess, 1) ** 2
    gain = np.where(known, variance / (variance + noise), 0.0)
    return value + gain * difference, (1 - gain) * variance

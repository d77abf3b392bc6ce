"""Lens distortion of REP-104's models, and its inverse, on ray slopes x/z, y/z.

The forward models are OpenCV's (calib3d: the pinhole model with radial and tangential terms, and
fisheye); missing coefficients are zero. The inverses are Newton's method on all points at once,
to float64's precision.
"""

from __future__ import annotations

import numpy as np

from ..types import Camera

_MAX_STEPS = 30
_TOLERANCE = 1e-13
#: Of a distorted slope; a thousandth of a pixel at any usual focal length.
_ACCEPTED_RESIDUAL = 1e-7


def distort(rays: np.ndarray, camera: Camera) -> np.ndarray:
    """Ideal ray slopes (*, 2) -> distorted ones (*, 2); NaN stays NaN."""
    if camera.distortion_model == "equidistant":
        return _fisheye(rays, _padded(camera, 4))
    with np.errstate(all="ignore"):  # A pole of the rational model far outside the image.
        return _pinhole(rays, _padded(camera, 8))


def undistort(rays: np.ndarray, camera: Camera) -> np.ndarray:
    """The inverse of `distort`; NaN where nothing is distorted to a slope."""
    with np.errstate(all="ignore"):  # Diverging points end as NaN, below.
        if camera.distortion_model == "equidistant":
            return _invert_fisheye(rays, _padded(camera, 4))
        return _invert_pinhole(rays, _padded(camera, 8))


def _padded(camera: Camera, count: int) -> np.ndarray:
    given = camera.distortion[:count]
    return np.array(given + (0.0,) * (count - len(given)))


def _radial(r2: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The radial factor and its denominator at squared radii."""
    k1, k2, _, _, k3, k4, k5, k6 = coefficients
    denominator = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    return (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / denominator, denominator


def _pinhole(rays: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    p1, p2 = coefficients[2:4]
    x, y = rays[..., 0], rays[..., 1]
    r2 = x * x + y * y
    radial, _ = _radial(r2, coefficients)
    return np.stack(
        (
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ),
        axis=-1,
    )


def _pinhole_derivatives(
    rays: np.ndarray, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d x'/dx, d x'/dy = d y'/dx, d y'/dy of `_pinhole`: (*) each."""
    k1, k2, p1, p2, k3, k4, k5, k6 = coefficients
    x, y = rays[..., 0], rays[..., 1]
    r2 = x * x + y * y
    radial, denominator = _radial(r2, coefficients)
    slope = k1 + r2 * (2 * k2 + 3 * k3 * r2) - radial * (k4 + r2 * (2 * k5 + 3 * k6 * r2))
    slope = slope / denominator  # d radial / d r2
    xx = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    xy = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    yy = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    return xx, xy, yy


def _invert_pinhole(target: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    rays = target
    for _ in range(_MAX_STEPS):
        error = _pinhole(rays, coefficients) - target
        xx, xy, yy = _pinhole_derivatives(rays, coefficients)
        step = np.stack(
            (yy * error[..., 0] - xy * error[..., 1], xx * error[..., 1] - xy * error[..., 0]), -1
        )
        step = step / (xx * yy - xy * xy)[..., None]
        rays = rays - step
        if not (np.abs(step) > _TOLERANCE).any():
            break
    error = _pinhole(rays, coefficients) - target
    xx, xy, yy = _pinhole_derivatives(rays, coefficients)
    # Past the fold of the polynomial the image is mirrored: such a root is no viewing ray. Where
    # the derivative is positive definite, it is not folded.
    folded = (xx <= 0) | (xx * yy - xy * xy <= 0)
    valid = (np.abs(error) < _ACCEPTED_RESIDUAL).all(-1) & ~folded
    return np.where(valid[..., None], rays, np.nan)


def _fisheye_angle(theta: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distorted angle and its derivative by the angle."""
    k1, k2, k3, k4 = coefficients
    t2 = theta * theta
    distorted = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    return distorted, 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))


def _fisheye(rays: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    radius = np.linalg.norm(rays, axis=-1, keepdims=True)
    distorted, _ = _fisheye_angle(np.arctan(radius), coefficients)
    return rays * np.divide(distorted, radius, out=np.ones_like(radius), where=radius != 0)


def _invert_fisheye(target: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    radius = np.linalg.norm(target, axis=-1, keepdims=True)
    theta = radius
    for _ in range(_MAX_STEPS):
        distorted, derivative = _fisheye_angle(theta, coefficients)
        step = (distorted - radius) / derivative
        theta = theta - step
        if not (np.abs(step) > _TOLERANCE).any():
            break
    distorted, derivative = _fisheye_angle(theta, coefficients)
    reached = (
        (np.abs(distorted - radius) < _ACCEPTED_RESIDUAL)
        & (derivative > 0)
        & (theta >= 0)
        & (theta < np.pi / 2)
    )
    scale = np.divide(np.tan(theta), radius, out=np.ones_like(radius), where=radius != 0)
    return np.where(reached, target * scale, np.nan)

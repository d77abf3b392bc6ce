"""The exponential map of SO(3), its derivative and its inverse, in numpy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def skew(vectors: np.ndarray) -> np.ndarray:
    """(*, 3) -> (*, 3, 3), skew(a) @ b = a x b."""
    matrix = np.zeros((*vectors.shape, 3))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    matrix[..., 0, 1], matrix[..., 1, 0] = -z, z
    matrix[..., 0, 2], matrix[..., 2, 0] = y, -y
    matrix[..., 1, 2], matrix[..., 2, 1] = -x, x
    return matrix


def _coefficients(axis_angle: np.ndarray):
    """sin(t)/t, (1 - cos t)/t^2, (t - sin t)/t^3, smooth at zero, shaped to scale matrices."""
    square = (axis_angle**2).sum(-1)[..., None, None]
    small = square < 1e-6
    angle = np.sqrt(np.where(small, 1.0, square))
    sine = np.where(small, 1 - square / 6, np.sin(angle) / angle)
    cosine = np.where(small, 0.5 - square / 24, (1 - np.cos(angle)) / angle**2)
    cubic = np.where(small, 1 / 6 - square / 120, (angle - np.sin(angle)) / angle**3)
    return sine, cosine, cubic


def exponential(axis_angle: np.ndarray) -> np.ndarray:
    """(*, 3) radians -> (*, 3, 3), Rodrigues' formula."""
    sine, cosine, _ = _coefficients(axis_angle)
    cross = skew(axis_angle)
    return np.eye(3) + sine * cross + cosine * (cross @ cross)


def right_jacobian(axis_angle: np.ndarray) -> np.ndarray:
    """(*, 3) -> (*, 3, 3): exp(a + da) = exp(a) exp(J da) to first order."""
    _, cosine, cubic = _coefficients(axis_angle)
    cross = skew(axis_angle)
    return np.eye(3) - cosine * cross + cubic * (cross @ cross)


def minimal_rotation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotation (*, 3, 3) that turns unit vectors `source` (*, 3) into `target` the short way."""
    cosine = (source * target).sum(-1)[..., None, None]
    # The skew matrix of source x target.
    outer = target[..., :, None] * source[..., None, :]
    cross = outer - outer.swapaxes(-1, -2)
    return np.eye(3) + cross + cross @ cross / np.maximum(1 + cosine, 1e-3)


def kabsch(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rotation (N, 3, 3) with target ~ R source, of centred points (N, K, 3), weights (N, K)."""
    covariance = (target * weights[..., None]).transpose(0, 2, 1) @ source
    u, _, vt = np.linalg.svd(covariance)
    signs = np.ones((len(source), 3))
    signs[:, 2] = np.sign(np.linalg.det(u @ vt))
    return (u * signs[:, None]) @ vt


def axis_angle(matrices: np.ndarray) -> np.ndarray:
    """Rotations (*, 3, 3) -> (*, 3) radians; NaN where a matrix is not finite."""
    flat = matrices.reshape(-1, 3, 3)
    result = np.full((len(flat), 3), np.nan)
    finite = np.isfinite(flat).all((1, 2))
    if finite.any():
        result[finite] = Rotation.from_matrix(flat[finite]).as_rotvec()
    return result.reshape(matrices.shape[:-1])

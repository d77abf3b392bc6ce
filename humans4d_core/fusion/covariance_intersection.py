"""Estimates whose errors depend on each other in unknown ways, as one estimate.

Covariance intersection (Julier and Uhlmann, 1997): information is averaged with weights that sum to
1, so what two estimates share is not counted twice, whatever it is. The weights are those of the
smallest determinant. That is D-optimal design, for which Titterington's multiplicative step
(Biometrika, 1976) never makes it worse.
"""

from __future__ import annotations

import numpy as np

#: Steps towards the best weights.
STEPS = 5


def intersected(
    means: np.ndarray, covariances: np.ndarray, is_given: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N means (N, D), covariances (N, D, D) and weights (N, M) of M estimates each.

    means: (N, M, D); covariances: (N, M, D, D), positive definite; is_given: (N, M) bool, one or
    more a row. What is not given may be anything finite.
    """
    size = means.shape[-1]
    eye = np.eye(size)
    information = np.linalg.inv(np.where(is_given[..., None, None], covariances, eye))
    weights = is_given / is_given.sum(1, keepdims=True)
    several = np.flatnonzero(is_given.sum(1) > 1)
    best, told = weights[several], information[several]
    for _ in range(STEPS if len(several) else 0):
        covariance = np.linalg.inv(np.einsum("nm,nmij->nij", best, told))
        best = best * np.einsum("nij,nmji->nm", covariance, told) / size
    weights[several] = best
    weighted = weights[..., None, None] * information
    covariance = np.linalg.inv(weighted.sum(1))
    mean = (covariance @ (weighted @ means[..., None]).sum(1))[..., 0]
    return mean, covariance, weights

"""Fused estimates are better than each, and never surer than they may be."""

import numpy as np
import pytest

from humans4d_core.fusion.covariance_intersection import intersected


def random_covariances(rng, *shape):
    root = rng.normal(size=(*shape, 3, 3))
    return root @ root.swapaxes(-1, -2) + 0.05 * np.eye(3)


@pytest.mark.parametrize("correlation", [-0.95, -0.5, 0.0, 0.5, 0.95])
def test_no_correlation_makes_errors_larger_than_what_is_said(correlation):
    rng, samples = np.random.default_rng(3), 40_000
    covariances = random_covariances(rng, 1, 2)
    roots = np.linalg.cholesky(covariances[0])
    common, own = rng.normal(size=(2, samples, 3))
    other = correlation * common + np.sqrt(1 - correlation**2) * own
    means = np.stack((common @ roots[0].T, other @ roots[1].T), axis=1)
    given = np.ones((samples, 2), bool)
    fused, covariance, _ = intersected(means, np.tile(covariances, (samples, 1, 1, 1)), given)
    actual = fused.T @ fused / samples
    assert np.linalg.eigvalsh(covariance[0] - actual)[0] > -0.02 * np.trace(actual)


def test_two_rays_that_cross_meet_where_they_cross():
    covariances = np.array([[np.diag([1.0, 0.01, 0.01]), np.diag([0.01, 1.0, 0.01])]])
    means = np.array([[[0.8, 0.02, 1.0], [0.01, -0.9, 1.0]]])
    fused, covariance, weights = intersected(means, covariances, np.ones((1, 2), bool))
    np.testing.assert_allclose(fused[0], [0.02, 0.01, 1.0], atol=0.02)
    np.testing.assert_allclose(weights, 0.5, atol=1e-6)
    assert covariance[0, 0, 0] < 0.021 and covariance[0, 1, 1] < 0.021


def test_one_estimate_is_itself_whatever_stands_beside_it():
    rng = np.random.default_rng(0)
    covariances = random_covariances(rng, 4, 3)
    means = rng.normal(size=(4, 3, 3))
    given = np.zeros((4, 3), bool)
    given[np.arange(4), [0, 1, 2, 1]] = True
    covariances[~given] = 0
    fused, covariance, _ = intersected(means, covariances, given)
    np.testing.assert_allclose(fused, means[given], atol=1e-9)
    np.testing.assert_allclose(covariance, covariances[given], rtol=1e-6, atol=1e-9)


def test_no_other_weights_give_a_smaller_determinant():
    rng = np.random.default_rng(1)
    covariances = random_covariances(rng, 20, 3)
    given = np.ones((20, 3), bool)
    _, covariance, weights = intersected(np.zeros((20, 3, 3)), covariances, given)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    least = np.linalg.det(covariance)
    information = np.linalg.inv(covariances)
    for other in rng.dirichlet(np.ones(3), 300):
        tried = 1 / np.linalg.det(np.einsum("m,nmij->nij", other, information))
        assert (least < 1.1 * tried).all()

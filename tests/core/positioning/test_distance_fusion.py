"""Gaussians along the viewing ray."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humans4d_core.config.positioning_config import DEFAULT
from humans4d_core.positioning.distance_evidence import DistanceFactor
from humans4d_core.positioning.distance_fusion import fuse_distances
from humans4d_core.recovery.pelvis_uncertainty import DEPTH_SIGMA


@pytest.fixture
def bodies(scene):
    return scene.people([(4.0, 0.0), (6.0, 1.0)])


def factor(values, sigmas):
    return DistanceFactor(np.asarray(values, np.float64), np.square(np.asarray(sigmas, float)))


def along(bodies):
    """Standard deviation along the ray, m."""
    ray = bodies.pelvis_cam / np.linalg.norm(bodies.pelvis_cam, axis=1, keepdims=True)
    covariance = bodies.pelvis_covariance_cam.astype(np.float64)
    return np.sqrt(np.einsum("ni,nij,nj->n", ray, covariance, ray))


def test_equally_sure_evidence_meets_in_the_middle(bodies):
    found = fuse_distances(bodies, [factor([1.1, 0.94], [DEPTH_SIGMA] * 2)])
    np.testing.assert_allclose(found.scale, [1.05, 0.97], rtol=1e-4)
    recovered = np.linalg.norm(bodies.pelvis_cam, axis=1)
    expected = np.hypot(recovered * DEPTH_SIGMA / 2**0.5, DEFAULT.posture_sigma)
    np.testing.assert_allclose(along(found), expected, rtol=1e-3)


def test_what_knows_nothing_changes_nothing(bodies):
    assert fuse_distances(bodies, [factor([1.3, 1.3], [np.inf] * 2)]) is bodies
    found = fuse_distances(bodies, [factor([1.1, 1.3], [0.01, np.inf])])
    np.testing.assert_array_equal(found.vertices_cam[1], bodies.vertices_cam[1])
    np.testing.assert_array_equal(found.pelvis_covariance_cam[1], bodies.pelvis_covariance_cam[1])
    assert found.scale[1] == 1 and found.scale[0] > 1.08


def test_scales_multiply(bodies):
    bodies = replace(bodies, scale=np.array([2.0, 1.0], np.float32))
    found = fuse_distances(bodies, [factor([1.1, 1.1], [1e-4, 1e-4])])
    np.testing.assert_allclose(found.scale, [2.2, 1.1], rtol=1e-3)


def test_the_later_kind_of_evidence_is_judged_by_the_surer_one(bodies):
    depth, ground = factor([1.1, 1.1], [0.01] * 2), factor([1.5, 1.1], [0.02] * 2)
    found = fuse_distances(bodies, [depth, ground])
    np.testing.assert_allclose(found.scale, 1.1, atol=0.012)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.floats(1e-4, 10)), min_size=1, max_size=3),
)
def test_any_evidence_leaves_a_body_before_the_camera_and_never_less_sure(bodies, evidence):
    found = fuse_distances(bodies, [factor([value] * 2, [sigma] * 2) for value, sigma in evidence])
    assert (found.pelvis_cam[:, 2] > 1).all() and np.isfinite(found.vertices_cam).all()
    assert (np.linalg.eigvalsh(found.pelvis_covariance_cam.astype(np.float64)) > 0).all()
    assert (along(found) <= along(bodies) * (1 + 1e-3)).all()
    np.testing.assert_array_equal(found.joints_px, bodies.joints_px)

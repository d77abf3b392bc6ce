import numpy as np
import pytest
from places import DATA
from scipy.spatial.transform import Rotation

from humans4d_core.evaluation import landing_error, mpjpe, pa_mpjpe, procrustes_align

PARITY = DATA / "losses_eval.npz"


@pytest.fixture(scope="module")
def recorded():
    return np.load(PARITY)


def test_errors_equal_the_originals(recorded):
    joints, truth = recorded["pred3d"], recorded["gt3d"][..., :3]
    np.testing.assert_allclose(1000 * mpjpe(joints, truth), recorded["mpjpe_mm"], rtol=1e-5)
    np.testing.assert_allclose(1000 * pa_mpjpe(joints, truth), recorded["pa_mpjpe_mm"], rtol=1e-4)
    aligned = procrustes_align(joints, truth)
    np.testing.assert_allclose(aligned, recorded["procrustes_aligned"], atol=1e-4)


def test_alignment_undoes_a_similarity_and_not_a_mirror():
    points = np.random.default_rng(0).normal(size=(5, 12, 3))
    turned = points @ Rotation.random(5, random_state=0).as_matrix() * 1.7 + 3
    assert pa_mpjpe(turned, points).max() < 1e-9
    assert pa_mpjpe(points * (-1, 1, 1), points).min() > 0.1


def test_landing_error_counts_visible_landmarks_only():
    joints = np.zeros((2, 3, 2))
    landmarks = np.array([[(3, 4), (0, 0), (900, 0)], [(1, 1), (1, 1), (1, 1)]], float)
    visible = np.array([[True, True, False], [False, False, False]])
    error = landing_error(joints, landmarks, visible, np.array([100.0, 50.0]))
    np.testing.assert_allclose(error[0], 0.025)
    assert np.isnan(error[1])

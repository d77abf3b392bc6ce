import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.recovery.pelvis_uncertainty import (
    ACROSS_SIGMA,
    DEPTH_SIGMA,
    HIDDEN_SIGMA,
    hidden_share,
    pelvis_covariance,
)


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(0.5, 40), st.floats(0, 0.5))
def test_covariance_is_long_along_the_ray_and_grows_with_image_error(x, y, z, error):
    pelvis = np.array([[x, y, z]])
    distance = np.linalg.norm(pelvis)
    covariance = pelvis_covariance(pelvis, np.array([error])).astype(float)[0]
    np.testing.assert_allclose(covariance, covariance.T)
    ray = pelvis[0] / distance
    np.testing.assert_allclose(ray @ covariance @ ray, (DEPTH_SIGMA * distance) ** 2, rtol=1e-4)
    across = np.cross(ray, (0.0, 0.0, 1.0) if abs(ray[2]) < 0.9 else (1.0, 0.0, 0.0))
    across /= np.linalg.norm(across)
    np.testing.assert_allclose(across @ covariance @ across, ACROSS_SIGMA**2 + error**2, rtol=1e-3,
                               atol=1e-6)  # fmt: skip
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_hidden_people_have_a_longer_covariance():
    pelvis = np.array([[0.0, 0, 5], [0.0, 0, 5]])
    plain, hidden = pelvis_covariance(pelvis, hidden=np.array([0.0, 1.0]))[:, 2, 2] ** 0.5 / 5
    np.testing.assert_allclose(plain, DEPTH_SIGMA, rtol=1e-5)
    np.testing.assert_allclose(hidden, np.hypot(DEPTH_SIGMA, HIDDEN_SIGMA), rtol=1e-5)


def test_whose_head_or_feet_the_image_cuts_off_is_hidden():
    boxes = np.array([[10, 50, 60, 300], [10, 0, 60, 300], [10, 50, 60, 480], [0, 50, 60, 300.0]])
    np.testing.assert_array_equal(hidden_share(boxes, 480), [0, 1, 1, 0])


def test_the_less_of_the_legs_is_seen_the_more_is_a_guess():
    boxes = np.tile([10.0, 50, 60, 300], (4, 1))
    confidence = np.ones((4, 24))
    confidence[:, [4, 5, 7, 8]] = np.array([0.9, 0.6, 0.4, 0.1])[:, None]
    share = hidden_share(boxes, 480, confidence)
    assert share[0] == 0 and 0 < share[1] < share[2] < share[3] == 1

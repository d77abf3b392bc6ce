import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.recovery.uncertainty import ACROSS_SIGMA, DEPTH_SIGMA, pelvis_covariance


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

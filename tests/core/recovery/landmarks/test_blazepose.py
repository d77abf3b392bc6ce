import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.recovery.landmarks.blazepose import Regions, _refine


@given(st.floats(-3, 3), st.floats(10, 900), st.floats(-50, 700), st.floats(-50, 700))
def test_region_maps_its_middle_and_its_up(angle, size, x, y):
    regions = Regions(np.array([[x, y]]), np.array([size]), np.array([angle]))
    matrix = regions.crop_to_image()[0]
    np.testing.assert_allclose(matrix @ (128, 128, 1), (x, y), atol=1e-6)
    up = matrix @ (128, 0, 1) - matrix @ (128, 128, 1)
    np.testing.assert_allclose(up, size / 2 * np.array([np.sin(angle), -np.cos(angle)]), atol=1e-6)


def test_refine_moves_a_landmark_to_a_sure_peak_nearby_and_leaves_the_others():
    heatmap = np.full((1, 3, 64, 64), -60.0, np.float32)
    heatmap[0, 0, 21, 31] = 8  # one cell beside
    heatmap[0, 1, 40, 40] = 8  # too far
    heatmap[0, 2, 10, 10] = -2  # not sure
    points = np.array([[(120.0, 80.0), (120.0, 80.0), (40.0, 40.0)]])
    refined = _refine(points, heatmap)
    np.testing.assert_allclose(refined[0], [(124, 84), (120, 80), (40, 40)], atol=1e-6)


def test_refine_survives_landmarks_outside_the_crop():
    heatmap = np.zeros((1, 2, 64, 64), np.float32)
    points = np.array([[(-400.0, 900.0), (255.9, 0.0)]])
    refined = _refine(points, heatmap)
    assert np.isfinite(refined).all()
    np.testing.assert_allclose(refined[0, 0], points[0, 0])

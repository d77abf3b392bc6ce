import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.config import RecoveryConfig
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.landmarks import blazepose
from humans4d_core.recovery.landmarks import landmarks_recovery as recovery_module
from humans4d_core.recovery.landmarks.blazepose import Regions, _refine
from humans4d_core.types import Camera, Detections, Frame


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


def test_a_crowd_is_read_and_fitted_in_bounded_batches(monkeypatch):
    recovery = create_recovery(RecoveryConfig("landmarks"), threads=2)
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    frame = Frame(image, 0, Camera.from_fov(320, 240, 1.0))
    boxes = np.array([(20, 10, 90, 200), (100, 20, 190, 230), (210, 5, 300, 220)], np.float32)
    crowd = Detections(boxes[[0, 1, 2, 0, 1]], np.full(5, 0.9, np.float32))
    # Noise shows nobody: whatever is read is taken for somebody.
    monkeypatch.setattr(recovery_module, "MIN_PRESENCE", -1.0)
    monkeypatch.setattr(blazepose, "MAX_SECOND_LOOKS", 0)
    whole = recovery.recover(frame, crowd)
    monkeypatch.setattr(blazepose, "MAX_BATCH", 2)
    monkeypatch.setattr(recovery_module, "MAX_BATCH", 2)
    read, fitted, session, fit = [], [], recovery.landmarks.session, recovery.fit

    class Session:
        def run(self, names, inputs):
            read.append(len(inputs["image"]))
            return session.run(names, inputs)

    recovery.landmarks.session = Session()
    recovery.fit = lambda rays, world, weights: (
        fitted.append(len(rays)) or fit(rays, world, weights)
    )
    recovery.fit.skeleton = fit.skeleton
    parts = recovery.recover(frame, crowd)
    assert max(read) == 2 and max(fitted) == 2
    assert sum(fitted) >= 5  # those whose image contradicts the correction are fitted again
    np.testing.assert_array_equal(parts.boxes_px, whole.boxes_px)
    np.testing.assert_allclose(parts.joints_px, whole.joints_px, atol=1.0)

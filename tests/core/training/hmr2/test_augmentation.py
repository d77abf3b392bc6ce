"""Changed crops against the original's, and what a change means."""

import cv2
import numpy as np
import pytest

from humans4d_core.recovery.crops.person_crops import box_squares
from humans4d_core.training.hmr2.augmentation import (
    Augmentation,
    augmented_crop,
    keypoints_in_crop,
)


@pytest.mark.parametrize(("row", "box"), [(0, (210, 110, 410, 640)), (1, (560, 150, 840, 450))])
def test_crops_and_maps_are_the_originals(parity_folder, row, box):
    with np.load(parity_folder / "crops.npz") as recorded:
        (center,), (side,) = box_squares(np.array([box]))
        change = Augmentation(
            float(recorded["aug_scale"][row]), float(recorded["aug_rot_deg"][row]),
            flip=bool(recorded["aug_flip"][row]),
        )  # fmt: skip
        crop, to_crop = augmented_crop(recorded["image_bgr"], center, side, change)
        np.testing.assert_allclose(to_crop, recorded["aug_trans"][row], atol=1e-4)
        difference = np.abs(crop.astype(int) - recorded["aug_patch_bgr"][row])
        assert difference.max() <= 1


@pytest.mark.parametrize("flip", [False, True])
def test_keypoints_stay_on_what_the_image_shows(flip):
    rng = np.random.default_rng(0)
    for _ in range(20):
        image = np.zeros((300, 400, 3), np.uint8)
        point = np.rint(rng.uniform((150, 120), (250, 180)))
        cv2.circle(image, point.astype(int).tolist(), 6, (255, 255, 255), -1)
        change = Augmentation.drawn(rng, flip)
        crop, to_crop = augmented_crop(image, np.array((200.0, 150.0)), 200.0, change)
        keypoints = keypoints_in_crop(
            np.array([[*point, 1.0]]), to_crop, image.shape[1] if flip else None
        )
        seen = np.argwhere(crop[..., 0] > 127).mean(0)[::-1]
        np.testing.assert_allclose((keypoints[0, :2] + 0.5) * 256, seen, atol=1.0)


def test_changes_are_as_large_and_as_frequent_as_the_original_has_them():
    rng = np.random.default_rng(1)
    drawn = [Augmentation.drawn(rng, False) for _ in range(4000)]
    scales = np.array([each.scale for each in drawn])
    turns = np.array([each.rotation for each in drawn])
    assert scales.min() == pytest.approx(0.7) and scales.max() == pytest.approx(1.3)
    assert abs((turns != 0).mean() - 0.6) < 0.03 and np.abs(turns).max() == pytest.approx(60)
    assert np.abs([each.shift for each in drawn]).max() == pytest.approx(0.02)

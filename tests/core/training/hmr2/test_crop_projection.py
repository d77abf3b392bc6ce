"""The weak camera of a crop."""

import numpy as np
import torch

from humans4d_core.training.hmr2.crop_projection import crop_translation, project_to_crop


def test_places_and_translations_are_the_originals(parity_folder):
    with np.load(parity_folder / "hmr2_outputs.npz") as file:
        recorded = {
            name: torch.from_numpy(file[name])
            for name in ("pred_cam", "pred_cam_t", "pred_keypoints_3d", "pred_keypoints_2d")
        }
    camera = recorded["pred_cam"]
    torch.testing.assert_close(crop_translation(camera), recorded["pred_cam_t"])
    places = project_to_crop(recorded["pred_keypoints_3d"], camera)
    torch.testing.assert_close(places, recorded["pred_keypoints_2d"])


def test_a_body_of_two_metres_fills_the_crop_at_scale_one():
    ends = torch.tensor([[[0.0, -1, 0], [0, 1, 0], [0, 0, 0]]])
    places = project_to_crop(ends, torch.tensor([[1.0, 0, 0]]))
    torch.testing.assert_close(places[0, :, 1], torch.tensor([-0.5, 0.5, 0]))
    moved = project_to_crop(ends, torch.tensor([[1.0, 0.5, 0]]))
    torch.testing.assert_close(moved[0, 2], torch.tensor([0.25, 0]))

"""Where keypoints are in a crop, by the weak camera that the network puts out."""

from __future__ import annotations

import torch

from ...geometry import CROP_SIZE

#: Pixels, of every crop's camera: far enough to be nearly orthographic.
FOCAL_LENGTH = 5000.0


def crop_translation(camera: torch.Tensor) -> torch.Tensor:
    """The body's translation (N, 3) m before the crop's camera, of the network's s, x, y (N, 3)."""
    depth = 2 * FOCAL_LENGTH / (CROP_SIZE * camera[:, 0] + 1e-9)
    return torch.stack((camera[:, 1], camera[:, 2], depth), dim=1)


def project_to_crop(keypoints: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
    """Keypoints (N, K, 3) m -> places (N, K, 2) in the crop, from -.5 to .5."""
    places = keypoints + crop_translation(camera)[:, None]
    return FOCAL_LENGTH / CROP_SIZE * places[..., :2] / places[..., 2:]

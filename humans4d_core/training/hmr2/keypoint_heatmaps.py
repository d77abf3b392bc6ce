"""Which of the backbone's tokens show a keypoint: what a new backbone learns first.

Xu et al., "ViTPose", 2022, train a backbone with heatmaps of keypoints; HMR 2.0 begins with such a
one. Here one linear layer reads them off the tokens, and is left behind after the training.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ...geometry import CROP_SIZE
from ...recovery.hmr2.hmr2_model import MARGIN
from ...recovery.hmr2.vit import GRID_SHAPE, PATCH_PADDING, PATCH_SIZE

#: Standard deviation of a keypoint's place, in tokens.
SIGMA = 0.7


class KeypointHeatmaps(nn.Module):
    """Tokens (N, T, C) -> how much each shows each of K keypoints, (N, T, K)."""

    def __init__(self, channels: int, keypoints: int):
        super().__init__()
        self.read = nn.Linear(channels, keypoints)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.read(tokens)


def heatmap_loss(heatmaps: torch.Tensor, keypoints_2d: torch.Tensor) -> torch.Tensor:
    """Cross entropy (N,) of heatmaps (N, T, K) and keypoints (N, K, 3) in the crop, -.5 to .5, with
    confidences; the mean of those that the network sees, 0 where it sees none."""
    apart = token_places(heatmaps.device)[:, None] - keypoints_2d[:, None, :, :2]  # (N, T, K, 2)
    sigma = SIGMA * PATCH_SIZE / CROP_SIZE
    target = torch.softmax(-0.5 * apart.square().sum(-1) / sigma**2, dim=1)
    wrong = -(target * F.log_softmax(heatmaps, dim=1)).sum(1)  # (N, K)
    inside = (keypoints_2d[..., :2].abs() < torch.tensor((0.5 - MARGIN / CROP_SIZE, 0.5),
              device=heatmaps.device)).all(-1)  # fmt: skip
    weight = keypoints_2d[..., 2] * inside
    return (weight * wrong).sum(1) / weight.sum(1).clamp(min=1)


def token_places(device: torch.device) -> torch.Tensor:
    """Middles (T, 2) of the tokens' patches in the crop, from -.5 to .5, row by row."""
    first = PATCH_SIZE / 2 - PATCH_PADDING
    rows = first + PATCH_SIZE * torch.arange(GRID_SHAPE[0], device=device)
    columns = MARGIN + first + PATCH_SIZE * torch.arange(GRID_SHAPE[1], device=device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack((x, y), dim=-1).flatten(0, 1) / CROP_SIZE - 0.5

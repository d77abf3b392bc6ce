"""What HMR 2.0 is trained for: keypoints in the image and in space, SMPL's parameters, and poses
that a discriminator takes for captured ones.

Goel et al., "Humans in 4D", 2023, section 3.2. Every loss is one number a sample (N,); `reduced`
makes the batch's of it: the mean, or the sum, as which the original has its weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

#: Row of the pelvis among HMR 2.0's 44 joints.
PELVIS_OF_44 = 39


@dataclass(frozen=True)
class LossWeights:
    """Of the terms of the generator's loss; the defaults are the released configuration's."""

    keypoints_3d: float = 0.05
    keypoints_2d: float = 0.01
    global_orient: float = 0.001
    body_pose: float = 0.001
    betas: float = 0.0005
    adversarial: float = 0.0005
    #: Of where each keypoint is among the backbone's tokens, see keypoint_heatmaps. The original
    #: has none: its backbone comes from ViTPose, which has learned this before.
    heatmaps: float = 0.0


def keypoint_loss_2d(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """L1 (N,) of keypoints in the image (N, K, 2), in the crop's normalised coordinates.

    truth: (N, K, 3), the last column a confidence, which weighs.
    """
    return (truth[..., 2:] * (predicted - truth[..., :2]).abs()).sum((1, 2))


def keypoint_loss_3d(predicted: torch.Tensor, truth: torch.Tensor, pelvis: int) -> torch.Tensor:
    """L1 (N,) of keypoints (N, K, 3) m, both seen from their own keypoint number `pelvis`.

    truth: (N, K, 4), the last column a confidence, which weighs.
    """
    predicted = predicted - predicted[:, pelvis : pelvis + 1]
    places = truth[..., :3] - truth[:, pelvis : pelvis + 1, :3]
    return (truth[..., 3:] * (predicted - places).abs()).sum((1, 2))


def parameter_loss(
    predicted: torch.Tensor, truth: torch.Tensor, is_known: torch.Tensor
) -> torch.Tensor:
    """Squared differences (N,) of parameters (N, ...), 0 where `is_known` (N,) is 0."""
    return is_known * (predicted - truth).square().flatten(1).sum(1)


def generator_loss(judged: torch.Tensor) -> torch.Tensor:
    """(N,) of what a discriminator says of made poses (N, D), which are to pass for captured ones
    (1): least squares, Mao et al. 2017."""
    return (judged - 1).square().sum(1)


def discriminator_loss(judged_made: torch.Tensor, judged_real: torch.Tensor) -> torch.Tensor:
    """Of made poses (N, D), which are to be told (0) from M real ones (M, D): a number.

    Both sums are divided by N, as the original does: with two real poses for each made one the
    real ones count double.
    """
    made, real = judged_made.square().sum(), (judged_real - 1).square().sum()
    return (made + real) / len(judged_made)


def reduced(of_samples: torch.Tensor, reduction: str) -> torch.Tensor:
    """One number of (N,): "mean", or "sum" as in the original."""
    return of_samples.sum() if reduction == "sum" else of_samples.mean()

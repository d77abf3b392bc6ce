"""How far rotations are from those of the plain network."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from ...geometry import CROP_SIZE
from .engine import NetworkOutput

#: Mean over people and joints up to which a reduced precision may be chosen unasked, degrees.
MAX_MEAN_DEGREES = 0.5

_DETAILS = (4, 8, 16, 32, 64)


def rotation_deviation(outputs: NetworkOutput, reference: NetworkOutput) -> torch.Tensor:
    """Angles (N, 24) in degrees between the rotations of two outputs, global orientation first.

    Not finite where an output is not.
    """
    first, second = (
        torch.cat((one.global_orient, one.body_pose), dim=1).double().cpu()
        for one in (outputs, reference)
    )
    # |R - S|_F = sqrt(8) sin(angle / 2): exact for the tiny angles that a trace would lose.
    sine = torch.linalg.matrix_norm(first - second) / math.sqrt(8)
    return torch.rad2deg(2 * torch.asin(sine.clamp(max=1)))


def sample_crops_like_images(count: int, seed: int = 0) -> torch.Tensor:
    """Random smooth images (N, 3, 256, 256) of unit variance, each of its own colours and shapes.

    Noise of several sizes, stronger the coarser: the power of natural images falls off that way.
    Plain white noise would look the same to the network in every crop.
    """
    generator = torch.Generator().manual_seed(seed)
    image = torch.zeros(count, 3, CROP_SIZE, CROP_SIZE)
    for size in _DETAILS:
        noise = torch.randn(count, 3, size, size, generator=generator) / math.sqrt(size)
        image += F.interpolate(noise, size=CROP_SIZE, mode="bilinear")
    return image / image.std()

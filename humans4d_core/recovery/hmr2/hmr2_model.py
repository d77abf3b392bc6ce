"""HMR 2.0: crops of people -> SMPL parameters and a weak camera each.

    [theta, beta, pi] = f(crop)

Goel et al., "Humans in 4D: Reconstructing and Tracking Humans with Transformers", ICCV 2023.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from ...body import BodyModel
from ...geometry import CROP_SIZE, rotation_6d_to_matrix
from .decoder import Head, HeadOutput
from .hmr2_config import Hmr2Config
from .vit import IMAGE_SHAPE, VisionTransformer

#: Columns of the square crop that the backbone does not see, on each side.
MARGIN = (CROP_SIZE - IMAGE_SHAPE[1]) // 2


class Hmr2Output(NamedTuple):
    """SMPL parameters and the crop's weak camera of N people."""

    global_orient: torch.Tensor  #: (N, 1, 3, 3) rotation of the root in the camera's frame
    body_pose: torch.Tensor  #: (N, 23, 3, 3) rotations relative to the parent joint
    betas: torch.Tensor  #: (N, 10)
    camera: torch.Tensor  #: (N, 3): scale, x, y


class Hmr2(nn.Module):
    """Backbone and head, and the body model that came with the weights."""

    def __init__(self, config: Hmr2Config | None = None, body: BodyModel | None = None):
        super().__init__()
        self.config = config = config or Hmr2Config()
        self.backbone = VisionTransformer(config.embed_dim, config.depth, config.num_heads)
        self.head = Head(config)
        self.body = body

    def forward(self, crops: torch.Tensor) -> Hmr2Output:
        """Normalised RGB crops (N, 3, 256, 256) -> parameters in the head's precision."""
        images = crops[..., MARGIN:-MARGIN].to(self.backbone.pos_embed.dtype)
        tokens = self.backbone.tokens(images)
        return read_out(self.head(tokens.to(self.head.dtype)))


def read_out(head_output: HeadOutput) -> Hmr2Output:
    """The head's numbers with rotations as matrices."""
    rotations = rotation_6d_to_matrix(head_output.rotation_6d)
    return Hmr2Output(rotations[:, :1], rotations[:, 1:], head_output.betas, head_output.camera)

"""HMR 2.0: crops of people -> SMPL parameters and a weak camera each.

    [theta, beta, pi] = f(crop)

Goel et al., "Humans in 4D: Reconstructing and Tracking Humans with Transformers", ICCV 2023.
"""

from __future__ import annotations

import torch
from torch import nn

from ...body.body_module import BodyModule
from ...geometry import CROP_SIZE
from ...geometry.rotations import rotation_6d_to_matrix
from ..engines import NetworkOutput
from .decoder import Head, HeadOutput
from .hmr2_config import Hmr2Config
from .vit import IMAGE_SHAPE, VisionTransformer

#: Columns of the square crop that the backbone does not see, on each side.
MARGIN = (CROP_SIZE - IMAGE_SHAPE[1]) // 2


class Hmr2(nn.Module):
    """Backbone and head, and the body model that came with the weights."""

    def __init__(self, config: Hmr2Config | None = None, body: BodyModule | None = None):
        super().__init__()
        self.config = config = config or Hmr2Config()
        self.backbone = VisionTransformer(config.embed_dim, config.depth, config.num_heads)
        self.head = Head(config)
        self.body = body

    def forward(self, crops: torch.Tensor) -> NetworkOutput:
        """Normalised RGB crops (N, 3, 256, 256) -> parameters in the head's precision."""
        return read_out(self.head(self.tokens(crops).to(self.head.dtype)))

    def tokens(self, crops: torch.Tensor) -> torch.Tensor:
        """Normalised RGB crops (N, 3, 256, 256) -> the backbone's tokens (N, 192, C)."""
        images = crops[..., MARGIN:-MARGIN].to(self.backbone.pos_embed.dtype)
        return self.backbone.tokens(images)


def read_out(head_output: HeadOutput) -> NetworkOutput:
    """The head's numbers with rotations as matrices."""
    rotations = rotation_6d_to_matrix(head_output.rotation_6d)
    return NetworkOutput(rotations[:, :1], rotations[:, 1:], head_output.betas, head_output.camera)

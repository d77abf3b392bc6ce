"""The backbone: a plain vision transformer on a person's crop.

Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021; Xu et al., "ViTPose", 2022, whose
patches overhang the image by 2 px on each side. Modules are named as in ViTPose's checkpoints.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

#: Of the image that the backbone sees, rows and columns.
IMAGE_SHAPE = (256, 192)
PATCH_SIZE = 16
PATCH_PADDING = 2
#: Tokens, rows and columns.
GRID_SHAPE = (16, 12)
NUM_TOKENS = GRID_SHAPE[0] * GRID_SHAPE[1]
MLP_RATIO = 4
NORM_EPSILON = 1e-6


class PatchEmbedding(nn.Module):
    """Images (N, 3, 256, 192) -> a token for each patch (N, 192, dim)."""

    def __init__(self, dim: int):
        super().__init__()
        self.proj = nn.Conv2d(3, dim, PATCH_SIZE, stride=PATCH_SIZE, padding=PATCH_PADDING)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.proj(images).flatten(2).transpose(1, 2)  # (N, 192, C)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, dim: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        qkv = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))  # (N, T, 3, heads, C / heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v)  # (N, heads, T, C / heads)
        return self.proj(attended.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two linear layers with GELU between, for each token by itself."""

    def __init__(self, dim: int, hidden_dim: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention, then an MLP; each normalises first and adds to what came in."""

    def __init__(self, dim: int, num_heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.attn = Attention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.mlp = Mlp(dim, MLP_RATIO * dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """ViT of ViTPose: images (N, 3, 256, 192) -> feature map (N, dim, 16, 12)."""

    def __init__(self, dim: int, depth: int, num_heads: int):
        super().__init__()
        self.patch_embed = PatchEmbedding(dim)
        # Row 0 belonged to the class token of the pre-training; here it is added to every token.
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + NUM_TOKENS, dim))
        self.blocks = nn.ModuleList(Block(dim, num_heads) for _ in range(depth))
        self.last_norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def tokens(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised RGB (N, 3, 256, 192) -> tokens (N, 192, C), row by row of the grid."""
        x = self.patch_embed(images) + (self.pos_embed[:, 1:] + self.pos_embed[:, :1])
        for block in self.blocks:
            x = block(x)
        return self.last_norm(x)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised RGB (N, 3, 256, 192) -> feature map (N, C, 16, 12)."""
        return self.tokens(images).transpose(1, 2).unflatten(2, GRID_SHAPE)

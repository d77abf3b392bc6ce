"""The network as engines run it: matrices in the wished precision, the rest in float32.

Residual stream, layer norms and head stay in float32: they are a small part of the time, and a
head in bfloat16 alone turns the rotations by half a degree.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from ..engines import NetworkOutput
from .hmr2_model import MARGIN, Hmr2, read_out
from .token_reduction import TokenReduction, merge_tokens
from .vit import Block

#: q, k, v (N, heads, T, C / heads) and a mask to add, or None -> as q, like torch's own.
Attention = Callable[..., torch.Tensor]


def attention_by_products(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """`scaled_dot_product_attention` as two products; on a CPU, twice as fast for 192 tokens."""
    people, heads = q.shape[:2]
    q, k, v = (tensor.flatten(0, 1).contiguous() for tensor in (q, k, v))
    scale = q.shape[-1] ** -0.5
    if mask is None:
        scores = torch.baddbmm(q.new_zeros(()), q, k.transpose(1, 2), beta=0, alpha=scale)
    else:
        mask = mask.expand(people, heads, -1, -1).flatten(0, 1)
        scores = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=scale)
    return torch.bmm(scores.softmax(-1), v).unflatten(0, (people, heads))


class FastNetwork(nn.Module):
    """`Hmr2` for inference: the folded head, and the backbone's matrices in `dtype`.

    Weights that have their precision already are shared with the model, others are copied once.
    """

    def __init__(
        self,
        model: Hmr2,
        dtype: torch.dtype = torch.float32,
        reduction: TokenReduction | None = None,
        attention: Attention = F.scaled_dot_product_attention,
        patches: type[FastPatches] | None = None,
    ):
        """dtype: of the matrices. reduction: None keeps all tokens. attention: who computes it.
        patches: who embeds them; None: FastPatches.
        """
        super().__init__()
        backbone = model.backbone
        self.reduction = reduction
        self.patches = (patches or FastPatches)(backbone.patch_embed.proj)
        position = backbone.pos_embed.detach().float()
        self.register_buffer("position", position[:, 1:] + position[:, :1])
        self.blocks = nn.ModuleList(FastBlock(block, dtype, attention) for block in backbone.blocks)
        self.last_norm = FastNorm(backbone.last_norm)
        self.head = model.head.folded().float()
        self.requires_grad_(False)

    def tokens(self, crops: torch.Tensor) -> torch.Tensor:
        """Normalised RGB crops (N, 3, 256, 256) float32 -> tokens (N, 192, C) float32."""
        x = self.patches(crops[..., MARGIN:-MARGIN]) + self.position
        if self.reduction is None:
            for block in self.blocks:
                x = block(x)
            return self.last_norm(x)
        for block in self.blocks[: self.reduction.after_layer]:
            x = block(x)
        merged = merge_tokens(x, self.reduction.kept)
        x = merged.tokens
        for block in self.blocks[self.reduction.after_layer :]:
            x = block(x, merged.attention_bias)
        return merged.restored(self.last_norm(x))

    def forward(self, crops: torch.Tensor) -> NetworkOutput:
        """Normalised RGB crops (N, 3, 256, 256) float32 -> SMPL parameters in float32."""
        return read_out(self.head(self.tokens(crops)))


class FastPatches(nn.Module):
    """The patch embedding, in float32: it meets the image before anything was rounded."""

    def __init__(self, projection: nn.Conv2d):
        super().__init__()
        self.register_buffer("weight", projection.weight.detach().float())
        self.register_buffer("bias", projection.bias.detach().float())
        self.stride, self.padding = projection.stride, projection.padding

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = F.conv2d(images, self.weight, self.bias, self.stride, self.padding)
        return patches.flatten(2).transpose(1, 2)  # (N, 192, C)


class PatchProducts(FastPatches):
    """The patch embedding as a matrix product: patches do not overlap, each is a row.

    On a GPU torch rounds float32 to 10 bits in convolutions unless a global setting forbids it; in
    products it does not unless one allows it.
    """

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        down, right = self.stride
        top, left = self.padding
        # What overhangs on the other sides is less than a patch, and no patch begins there.
        shifted = F.pad(images, (left, -left, top, -top))
        patches = shifted.unflatten(3, (-1, right)).unflatten(2, (-1, down))
        rows = patches.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)  # (N, 192, 768)
        return F.linear(rows, self.weight.flatten(1), self.bias)


class FastBlock(nn.Module):
    """One block: what it adds is computed in `dtype`, what it adds to is float32."""

    def __init__(self, block: Block, dtype: torch.dtype, attention: Attention):
        super().__init__()
        self.attention = attention
        self.num_heads = block.attn.num_heads
        self.norm1 = FastNorm(block.norm1)
        self.qkv = FastLinear(block.attn.qkv, dtype)
        self.proj = FastLinear(block.attn.proj, dtype)
        self.norm2 = FastNorm(block.norm2)
        self.fc1 = FastLinear(block.mlp.fc1, dtype)
        self.fc2 = FastLinear(block.mlp.fc2, dtype)

    def forward(self, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        """bias (N, 1, 1, T) is added to what each token is given of the others' attention."""
        qkv = self.qkv(self.norm1(x)).unflatten(-1, (3, self.num_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, C / heads) each
        mask = None if bias is None else bias.to(q.dtype)
        attended = self.attention(q, k, v, mask)
        x = x + self.proj(attended.transpose(1, 2).flatten(2))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class FastNorm(nn.Module):
    """LayerNorm in float32, whatever the rest computes in."""

    def __init__(self, norm: nn.LayerNorm):
        super().__init__()
        self.register_buffer("weight", norm.weight.detach().float())
        self.register_buffer("bias", norm.bias.detach().float())
        self.epsilon = norm.eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


class FastLinear(nn.Module):
    """Linear layer with weights of `dtype`."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype):
        super().__init__()
        self.register_buffer("weight", linear.weight.detach().to(dtype))
        self.register_buffer("bias", linear.bias.detach().to(dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x.to(self.weight.dtype), self.weight, self.bias)

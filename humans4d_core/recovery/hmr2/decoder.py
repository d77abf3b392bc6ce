"""The head: one query token looks at the backbone's tokens and is read out as a body.

Goel et al., "Humans in 4D", 2023, section 3: a transformer decoder whose single query has a
constant input. What is read out is added to SMPL's mean parameters.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from .hmr2_config import Hmr2Config

NUM_JOINTS = 24
NUM_BETAS = 10
POSE_NUMBERS = NUM_JOINTS * 6
READOUT_SIZES = (POSE_NUMBERS, NUM_BETAS, 3)


class HeadOutput(NamedTuple):
    """What the network says of each crop, before rotations are made orthonormal."""

    rotation_6d: torch.Tensor  #: (N, 24, 6), global orientation first
    betas: torch.Tensor  #: (N, 10)
    camera: torch.Tensor  #: (N, 3): scale, x, y of the crop's weak camera


class SelfAttention(nn.Module):
    """Attention of the query tokens (N, Q, dim) to each other, normalised before."""

    def __init__(self, dim: int, heads: int, dim_head: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * heads * dim_head, bias=False)
        self.out = nn.Linear(heads * dim_head, dim)

    def forward(self, query: torch.Tensor) -> torch.Tensor:
        qkv = self.qkv(self.norm(query)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, 1, dim_head) each
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.out(attended.transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """Attention of query tokens (N, Q, dim) to the image's tokens (N, T, context_dim)."""

    def __init__(self, dim: int, heads: int, dim_head: int, context_dim: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.q = nn.Linear(dim, heads * dim_head, bias=False)
        self.kv = nn.Linear(context_dim, 2 * heads * dim_head, bias=False)
        self.out = nn.Linear(heads * dim_head, dim)

    def forward(self, query: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        q = self.q(self.norm(query)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        kv = self.kv(context).unflatten(-1, (2, self.heads, -1))
        k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, dim_head) each
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.out(attended.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers with GELU between, normalised before."""

    def __init__(self, dim: int, hidden_dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)

    def forward(self, query: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(self.norm(query))))


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and feed-forward, each added to its input."""

    def __init__(self, config: Hmr2Config):
        super().__init__()
        dim, heads, dim_head = config.decoder_dim, config.decoder_heads, config.decoder_dim_head
        self.self_attention = SelfAttention(dim, heads, dim_head)
        self.cross_attention = CrossAttention(dim, heads, dim_head, config.embed_dim)
        self.feed_forward = FeedForward(dim, config.decoder_mlp_dim)

    def forward(self, query: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        query = query + self.self_attention(query)
        query = query + self.cross_attention(query, context)
        return query + self.feed_forward(query)


class Head(nn.Module):
    """The decoder as it was trained; `folded` makes the one to run."""

    def __init__(self, config: Hmr2Config):
        super().__init__()
        dim = config.decoder_dim
        self.token = nn.Linear(1, dim)
        self.position = nn.Parameter(torch.randn(1, 1, dim))
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_depth))
        self.pose = nn.Linear(dim, POSE_NUMBERS)
        self.shape = nn.Linear(dim, NUM_BETAS)
        self.camera = nn.Linear(dim, 3)
        # SMPL's mean parameters.
        self.register_buffer("mean_pose", torch.zeros(1, POSE_NUMBERS))
        self.register_buffer("mean_betas", torch.zeros(1, NUM_BETAS))
        self.register_buffer("mean_camera", torch.zeros(1, 3))

    @property
    def dtype(self) -> torch.dtype:
        return self.position.dtype

    def decode(self, context: torch.Tensor) -> torch.Tensor:
        """Tokens (N, 192, C) -> the query token after the last layer, (N, 1, decoder_dim)."""
        query = self.token(context.new_zeros(context.shape[0], 1, 1)) + self.position
        for layer in self.layers:
            query = layer(query, context)
        return query

    def forward(self, context: torch.Tensor) -> HeadOutput:
        """Tokens (N, 192, C) -> pose, shape and camera of N people."""
        token = self.decode(context).squeeze(1)
        return HeadOutput(
            (self.pose(token) + self.mean_pose).unflatten(-1, (NUM_JOINTS, 6)),
            self.shape(token) + self.mean_betas,
            self.camera(token) + self.mean_camera,
        )

    def folded(self) -> FoldedHead:
        """An equal head that does far less work; its weights are copies, for inference only."""
        return FoldedHead(self)


class FoldedHead(nn.Module):
    """`Head` for inference, equal up to rounding.

    - A single token attends to itself with weight 1: self-attention is one matrix, W_out W_v.
    - Keys and values need not be made of each of the 192 tokens. With c_t a token and q a head's
      query, q . (W_k c_t) = (W_k^T q) . c_t and sum_t a_t W_v c_t = W_v (sum_t a_t c_t): both
      matrices act on one vector a head instead of on every token.
    - The query's input is constant, hence so is all of the first layer up to its attention.
    - The scale and shift of each norm go into the matrix after it, the means into the readout.
    """

    first_query: torch.Tensor  #: (1, decoder_dim)
    first_directions: torch.Tensor  #: (1, heads, C)

    def __init__(self, head: Head):
        super().__init__()
        query = (head.token.bias + head.position).detach().reshape(1, -1)
        first, *others = (FoldedLayer(layer) for layer in head.layers)
        # What the first layer makes of a constant.
        query = first.attend_self(query)
        self.register_buffer("first_query", query)
        self.register_buffer("first_directions", first.directions(query))
        self.layers = nn.ModuleList((first, *others))
        readouts = (head.pose, head.shape, head.camera)
        means = torch.cat((head.mean_pose, head.mean_betas, head.mean_camera), dim=1)[0]
        self.readout = _linear(
            torch.cat([readout.weight for readout in readouts]).detach(),
            torch.cat([readout.bias for readout in readouts]).detach() + means,
        )

    @property
    def dtype(self) -> torch.dtype:
        return self.first_query.dtype

    def forward(self, context: torch.Tensor) -> HeadOutput:
        """Tokens (N, 192, C) -> pose, shape and camera of N people."""
        people = context.shape[0]  # len() would freeze it in an exported graph
        query = self.first_query.expand(people, -1)
        directions = self.first_directions.expand(people, -1, -1)
        for index, layer in enumerate(self.layers):
            if index:
                query = layer.attend_self(query)
                directions = layer.directions(query)
            query = layer.attend_context(query, directions, context)
            query = layer.feed_forward(query)
        pose, betas, camera = self.readout(query).split(READOUT_SIZES, dim=-1)
        return HeadOutput(pose.unflatten(-1, (NUM_JOINTS, 6)), betas, camera)


class FoldedLayer(nn.Module):
    """One layer on queries (N, decoder_dim): a token each, so there is no token dimension."""

    key: torch.Tensor  #: (heads, d, C)
    value: torch.Tensor  #: (heads, C, d)

    def __init__(self, layer: DecoderLayer):
        super().__init__()
        own, cross, mlp = layer.self_attention, layer.cross_attention, layer.feed_forward
        value = own.qkv.weight.detach().chunk(3)[2].double()
        self.dim = own.norm.normalized_shape
        self.self_attention = _after_norm(
            own.norm, own.out.weight.detach().double() @ value, own.out.bias
        )
        heads = cross.heads
        key, value = cross.kv.weight.detach().chunk(2)
        scale = (len(key) // heads) ** -0.5
        self.q = _after_norm(cross.norm, cross.q.weight.detach().double() * scale, None)
        self.register_buffer("key", key.unflatten(0, (heads, -1)).clone())
        value = value.unflatten(0, (heads, -1)).transpose(1, 2)  # (heads, C, d)
        self.register_buffer("value", value.clone(memory_format=torch.contiguous_format))
        self.out = _linear(cross.out.weight.detach(), cross.out.bias.detach())
        self.fc1 = _after_norm(mlp.norm, mlp.fc1.weight.detach().double(), mlp.fc1.bias)
        self.fc2 = _linear(mlp.fc2.weight.detach(), mlp.fc2.bias.detach())

    def attend_self(self, query: torch.Tensor) -> torch.Tensor:
        return query + self.self_attention(self._normalized(query))

    def directions(self, query: torch.Tensor) -> torch.Tensor:
        """What each head looks for among the tokens: (N, heads, C)."""
        q = self.q(self._normalized(query)).unflatten(-1, (len(self.key), -1))  # (N, heads, d)
        return (q.transpose(0, 1) @ self.key).transpose(0, 1)

    def attend_context(
        self, query: torch.Tensor, directions: torch.Tensor, context: torch.Tensor
    ) -> torch.Tensor:
        attention = (directions @ context.transpose(1, 2)).softmax(-1)  # (N, heads, T)
        seen = attention @ context  # (N, heads, C)
        values = (seen.transpose(0, 1) @ self.value).transpose(0, 1)  # (N, heads, d)
        return query + self.out(values.flatten(1))

    def feed_forward(self, query: torch.Tensor) -> torch.Tensor:
        return query + self.fc2(F.gelu(self.fc1(self._normalized(query))))

    def _normalized(self, query: torch.Tensor) -> torch.Tensor:
        """Layer norm whose scale and shift are in the matrix that follows."""
        return F.layer_norm(query, self.dim)


def _after_norm(norm: nn.LayerNorm, weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """weight (float64) and bias with the norm's scale and shift in them."""
    shift = weight @ norm.bias.detach().double()
    if bias is not None:
        shift = shift + bias.detach().double()
    dtype = norm.weight.dtype
    return _linear((weight * norm.weight.detach().double()).to(dtype), shift.to(dtype))


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    linear.weight = nn.Parameter(weight.clone(), requires_grad=False)
    linear.bias = nn.Parameter(bias.clone(), requires_grad=False)
    return linear

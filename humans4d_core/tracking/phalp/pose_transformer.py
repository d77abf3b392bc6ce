"""The network that fills in the poses of a person's timeline that were not seen.

Rajasegaran et al., "On the Benefits of 3D Pose and Tracking for Human Action Recognition" (LART),
2023; Goel et al., "Humans in 4D", 2023, section 4: a transformer over one person's frames, trained
by masking pose tokens. Modules are named as in the original's checkpoints, so that a state_dict of
either fits the other.

A token is 229 numbers: global orientation (9) and body pose (207) as rotation matrices, row by
row, SMPL's shape (10), and the location (3).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from ...geometry.rotations import rotation_6d_to_matrix

NUM_JOINTS = 24
ROTATION_NUMBERS = 9 * NUM_JOINTS
NUM_BETAS = 10
LOCATION_NUMBERS = 3
TOKEN_NUMBERS = ROTATION_NUMBERS + NUM_BETAS + LOCATION_NUMBERS

_POSE_NUMBERS = 6 * NUM_JOINTS
_HEAD_WIDTH = 1024
_HEAD_ITERATIONS = 3
#: Rows of the sinusoidal table that checkpoints carry and the network does not look at.
_TABLE_ROWS = 10_000


@dataclass(frozen=True)
class PosePredictorConfig:
    """Sizes of the network; the defaults are LART's, which the released weights are taken for."""

    frame_length: int = 125  #: frames of a timeline
    width: int = 512  #: of a token inside the network
    encoder_width: int = 229  #: of the layer between a pose and its token
    depth: int = 16
    heads: int = 16
    dim_head: int = 64
    mlp_dim: int = 512
    conv_stride: int = 5
    conv_padding: int = 1
    num_readouts: int = 1  #: equal read-outs, of which the first speaks
    num_actions: int = 60

    def __post_init__(self) -> None:
        sizes = {name: size for name, size in vars(self).items() if name != "conv_padding"}
        if min(sizes.values()) < 1 or self.conv_padding < 0:
            raise ValueError(f"sizes of a network are positive, got {self}")
        if self.frame_length % self.conv_stride:
            raise ValueError(
                f"a timeline of {self.frame_length} frames cannot be cut into strides of "
                f"{self.conv_stride}"
            )


class Attention(nn.Module):
    """Multi-head attention of a timeline to some of its own frames, after normalisation."""

    def __init__(self, config: PosePredictorConfig):
        super().__init__()
        self.heads = config.heads
        inner = config.heads * config.dim_head
        self.norm = nn.LayerNorm(config.width)
        self.fn = nn.ModuleDict(
            {
                "to_qkv": nn.Linear(config.width, 3 * inner, bias=False),
                "to_out": nn.ModuleList([nn.Linear(inner, config.width)]),
            }
        )

    def forward(
        self,
        x: torch.Tensor,
        keys: torch.Tensor | None = None,
        valid: torch.Tensor | None = None,
        at: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """What attention adds to x (N, T, C), or to its frames `at` (N, Q): (N, T or Q, C).

        keys (N, K): the frames that are looked at, where `valid` (N, K); None: all of them.
        """
        x = self.norm(x)
        seen = x if keys is None else _frames(x, keys)
        asking = x if at is None else _frames(x, at)
        to_q, to_k, to_v = self.fn["to_qkv"].weight.chunk(3)
        q, k, v = (
            F.linear(tokens, weight).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for tokens, weight in ((asking, to_q), (seen, to_k), (seen, to_v))
        )  # (N, heads, frames, dim_head) each
        mask = None if valid is None else valid[:, None, None, :]
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.fn["to_out"][0](attended.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers with GELU between, normalised before."""

    def __init__(self, config: PosePredictorConfig):
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        # The numbers are places in the original's list, dropout and activation between them.
        first, last = (nn.Linear(config.width, config.mlp_dim),
                       nn.Linear(config.mlp_dim, config.width))  # fmt: skip
        self.fn = nn.ModuleDict({"net": nn.ModuleDict({"0": first, "3": last})})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        net = self.fn["net"]
        return net["3"](F.gelu(net["0"](self.norm(x))))


class Transformer(nn.Module):
    """Layers of attention and feed-forward, each added to its input."""

    def __init__(self, config: PosePredictorConfig, depth: int):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleList([Attention(config), FeedForward(config)]) for _ in range(depth)
        )

    def forward(self, x: torch.Tensor, keys: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        for attention, feed_forward in self.layers:
            x = x + attention(x, keys, valid)
            x = x + feed_forward(x)
        return x

    def last(self, x: torch.Tensor, at: torch.Tensor | None) -> torch.Tensor:
        """One layer in which every frame is looked at; only the frames `at` (N, Q) are made."""
        ((attention, feed_forward),) = self.layers
        x = (x if at is None else _frames(x, at)) + attention(x, at=at)
        return x + feed_forward(x)


class SmplHead(nn.Module):
    """Token -> SMPL's parameters: corrections of the mean body, three times over (as in HMR)."""

    def __init__(self, config: PosePredictorConfig):
        super().__init__()
        numbers = _POSE_NUMBERS + NUM_BETAS + 3
        self.fc1 = nn.Linear(config.width + numbers, _HEAD_WIDTH)
        self.fc2 = nn.Linear(_HEAD_WIDTH, _HEAD_WIDTH)
        self.decpose = nn.Linear(_HEAD_WIDTH, _POSE_NUMBERS)
        self.decshape = nn.Linear(_HEAD_WIDTH, NUM_BETAS)
        self.deccam = nn.Linear(_HEAD_WIDTH, 3)
        self.register_buffer("init_body_pose", torch.zeros(1, _POSE_NUMBERS))
        self.register_buffer("init_betas", torch.zeros(1, NUM_BETAS))
        self.register_buffer("init_cam", torch.zeros(1, 3))

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(*, C) -> rotation matrices (*, 24, 3, 3) and betas (*, 10)."""
        mean = torch.cat((self.init_body_pose, self.init_betas, self.init_cam), dim=-1)
        body = mean[0].expand(*features.shape[:-1], -1)
        for _ in range(_HEAD_ITERATIONS):
            hidden = F.relu(self.fc1(torch.cat((features, body), dim=-1)))
            hidden = F.relu(self.fc2(hidden))
            change = (self.decpose(hidden), self.decshape(hidden), self.deccam(hidden))
            body = body + torch.cat(change, dim=-1)
        rotation_6d = body[..., :_POSE_NUMBERS].unflatten(-1, (NUM_JOINTS, 6))
        return rotation_6d_to_matrix(rotation_6d), body[..., _POSE_NUMBERS:-3]


class PoseTransformer(nn.Module):
    """Normalised tokens of a timeline -> features of its frames -> poses and locations.

    The released weights hold a head for AVA's actions, which nobody reads: its place is kept.
    """

    def __init__(self, config: PosePredictorConfig):
        super().__init__()
        width, length = config.width, config.frame_length
        self.mask_token = nn.Parameter(torch.randn(width))
        self.pos_embedding_learned1 = nn.Parameter(torch.randn(1, length, width))
        self.pos_embedding_learned2 = nn.Parameter(torch.randn(1, length, width))
        self.pose_shape_encoder = nn.Sequential(
            nn.Linear(TOKEN_NUMBERS, config.encoder_width),
            nn.ReLU(),
            nn.Linear(config.encoder_width, width),
        )
        self.transformer1 = Transformer(config, config.depth)
        self.transformer2 = Transformer(config, 1)
        kernel = config.conv_stride + 2 * config.conv_padding
        sizes = (width, width, kernel, config.conv_stride, config.conv_padding)
        self.conv_en = nn.Conv1d(*sizes)
        self.conv_de = nn.ConvTranspose1d(*sizes)

        def readouts(*layers) -> nn.ModuleList:
            return nn.ModuleList(nn.Sequential(*make()) for _ in range(config.num_readouts)
                                 for make in layers)  # fmt: skip

        self.smpl_head = nn.ModuleList(SmplHead(config) for _ in range(config.num_readouts))
        self.loca_head = readouts(
            lambda: (
                nn.Linear(width, width),
                nn.ReLU(),
                nn.Linear(width, width),
                nn.ReLU(),
                nn.Linear(width, LOCATION_NUMBERS),
            )
        )
        self.action_head_ava = readouts(lambda: (nn.Linear(width, config.num_actions),))
        # In every checkpoint, in no computation: the original does not look at them either.
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.transformer = Transformer(config, config.depth)
        self.pos_embedding = nn.Parameter(torch.zeros(_TABLE_ROWS, width))
        self.register_buffer("pe", torch.zeros(_TABLE_ROWS, width))

    def forward(
        self, tokens: torch.Tensor, observed: torch.Tensor, at: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Features (N, T, C) of N timelines, or of their frames `at` (N, Q) alone: (N, Q, C).

        tokens: (N, T, 229), normalised, T = frame_length. observed: (N, T) bool, the frames whose
        token is known; at least one of each timeline, or its features mean nothing.
        """
        x = torch.where(observed[..., None], self.pose_shape_encoder(tokens), self.mask_token)
        # A masked frame has no weight in anyone's attention: keys and values are not made of it.
        count = max(1, int(observed.sum(1).max()) if len(observed) else 0)
        keys = observed.byte().argsort(dim=1, descending=True, stable=True)[:, :count]
        x = self.transformer1(x + self.pos_embedding_learned1, keys, observed.gather(1, keys))
        x = self.conv_de(self.conv_en(x.transpose(1, 2))).transpose(1, 2)
        return self.transformer2.last(x + self.pos_embedding_learned2, at)

    def poses(self, features: torch.Tensor) -> torch.Tensor:
        """Features (*, C) -> tokens (*, 229), not normalised."""
        rotations, betas = self.smpl_head[0](features)
        return torch.cat((rotations.flatten(-3), betas, self.loca_head[0](features)), dim=-1)


def _frames(x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Frames `index` (N, K) of x (N, T, C)."""
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[-1]))

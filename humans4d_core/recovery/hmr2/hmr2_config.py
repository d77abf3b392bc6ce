"""The sizes of an HMR 2.0 network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hmr2Config:
    """Sizes of backbone and head; the defaults are the released network's: ViT-H, 6 layers."""

    embed_dim: int = 1280  #: width of the backbone's tokens
    depth: int = 32
    num_heads: int = 16
    decoder_dim: int = 1024  #: width of the query token
    decoder_depth: int = 6
    decoder_heads: int = 8
    decoder_dim_head: int = 64
    decoder_mlp_dim: int = 1024

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 1:
            raise ValueError(f"sizes of a network are positive, got {self}")
        if self.embed_dim % self.num_heads:
            raise ValueError(
                f"{self.num_heads} heads cannot share {self.embed_dim} channels equally"
            )

"""Fewer tokens in the later layers: the most alike are merged. Faster, not exact, off by default.

Bolya et al., "Token Merging: Your ViT But Faster", 2023: tokens are dealt out to two sets in turn,
those of the first that are nearest to one of the second become part of it. Here it happens once,
and after the last layer each token gets what became of it, so that the head sees all 192.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .vit import NUM_TOKENS


@dataclass(frozen=True)
class TokenReduction:
    """When tokens are merged, and how many remain."""

    after_layer: int = 8
    kept: int = NUM_TOKENS // 2

    def __post_init__(self) -> None:
        if self.after_layer < 0 or not NUM_TOKENS // 2 <= self.kept < NUM_TOKENS:
            raise ValueError(
                f"tokens are merged after layer 0 or later and {NUM_TOKENS // 2} to "
                f"{NUM_TOKENS - 1} of {NUM_TOKENS} are kept, got {self}"
            )


class MergedTokens(NamedTuple):
    """What is left of N images' T tokens."""

    tokens: torch.Tensor  #: (N, kept, C) means of what was merged
    attention_bias: torch.Tensor  #: (N, 1, 1, kept) log of how many stand in each
    origins: torch.Tensor  #: (N, T) where each of the original tokens is now

    def restored(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, kept, C) -> (N, T, C): each original token as what it was merged into."""
        return tokens.gather(1, self.origins[..., None].expand(-1, -1, tokens.shape[-1]))


def merge_tokens(tokens: torch.Tensor, kept: int) -> MergedTokens:
    """Tokens (N, T, C), T even -> `kept` of them, T / 2 or more. Of fixed shapes, without waits."""
    people, count, width = tokens.shape
    half, merged = count // 2, count - kept
    unit = F.normalize(tokens, dim=-1)
    similarity, nearest = (unit[:, ::2] @ unit[:, 1::2].transpose(1, 2)).max(dim=-1)  # (N, T / 2)
    order = similarity.argsort(dim=-1, descending=True)
    stays = order[:, merged:]
    # New places: first the second set, then those of the first set that stay.
    place = torch.arange(half, kept, device=tokens.device).expand(people, -1)
    first = nearest.scatter(1, stays, place)
    second = torch.arange(half, device=tokens.device).expand(people, -1)
    origins = torch.stack((first, second), dim=-1).flatten(1)  # (N, T)
    sums = tokens.new_zeros(people, kept, width)
    sums.scatter_add_(1, origins[..., None].expand(-1, -1, width), tokens)
    sizes = tokens.new_zeros(people, kept).scatter_add_(1, origins, torch.ones_like(tokens[..., 0]))
    return MergedTokens(sums / sizes[..., None], sizes.log()[:, None, None], origins)

"""The sizes of the network in a file, from its metadata and the shapes of its tensors."""

from __future__ import annotations

import json
import re

from ...errors import ModelFileError
from ...untrusted_files.tensor_files import TensorFile
from .hmr2_config import Hmr2Config

#: Metadata of our own format: the network's sizes as JSON.
CONFIG_KEY = "hmr2_config"

_BLOCK = re.compile(r"backbone\.blocks\.(\d+)\.attn\.qkv\.weight")
_LAYER = re.compile(r"smpl_head\.transformer\.transformer\.layers\.(\d+)\.0\.norm\.weight")
#: Beyond these a file is hostile: it must not become modules.
_MAX_LAYERS = 256
_MAX_WIDTH = 1 << 16
#: Heads leave no trace in shapes: ViTPose's by width, the decoder's by heads x size of a head.
_VIT_HEADS = {384: 12, 768: 12, 1024: 16, 1280: 16}
_DECODER_HEADS = {512: (8, 64)}


def stored_config(weights: TensorFile) -> Hmr2Config:
    """The network's sizes: from our metadata, else from the shapes of the tensors.

    Raises ModelFileError where they do not tell.
    """
    config, heads_known = described_config(weights)
    if not heads_known:
        inner = config.decoder_heads * config.decoder_dim_head
        raise ModelFileError(
            f"{weights.path}: no published network has a backbone of width {config.embed_dim} and "
            f"a decoder of inner width {inner}, and the file does not say how many heads share "
            "them: give load_checkpoint or convert_weights its Hmr2Config"
        )
    return config


def described_config(weights: TensorFile) -> tuple[Hmr2Config, bool]:
    """The sizes of the network in a file, and whether its numbers of heads are known.

    Where they are not, they are given as 1, which fits the shapes of all tensors as well. A file
    that lacks what tells a size gets the released network's: that is what it lacks tensors of.
    """
    released = Hmr2Config()
    layer = "smpl_head.transformer.transformer.layers.0"
    width = _size(weights, "backbone.pos_embed", -1) or released.embed_dim
    inner = _size(weights, f"{layer}.1.fn.to_q.weight", 0) or max(_DECODER_HEADS)
    heads = _stored_heads(weights)
    if heads is None and width in _VIT_HEADS and inner in _DECODER_HEADS:
        heads = (_VIT_HEADS[width], *_DECODER_HEADS[inner])
    num_heads, decoder_heads, dim_head = heads or (1, 1, inner)
    if width % num_heads or decoder_heads * dim_head != inner:
        raise ModelFileError(f"{weights.path}: its metadata contradicts the tensors' shapes")
    config = Hmr2Config(
        embed_dim=width,
        depth=_count(weights, _BLOCK) or released.depth,
        num_heads=num_heads,
        decoder_dim=_size(weights, "smpl_head.decpose.weight", -1) or released.decoder_dim,
        decoder_depth=_count(weights, _LAYER) or released.decoder_depth,
        decoder_heads=decoder_heads,
        decoder_dim_head=dim_head,
        decoder_mlp_dim=_size(weights, f"{layer}.2.fn.net.0.bias", 0) or released.decoder_mlp_dim,
    )
    return config, heads is not None


def _stored_heads(weights: TensorFile) -> tuple[int, int, int] | None:
    """The numbers of heads in our metadata: only what shapes do not tell is taken from there."""
    if CONFIG_KEY not in weights.metadata:
        return None
    try:
        config = json.loads(weights.metadata[CONFIG_KEY])
        heads = tuple(config[key] for key in ("num_heads", "decoder_heads", "decoder_dim_head"))
    except (ValueError, TypeError, KeyError, RecursionError):
        heads = ()
    if not heads or not all(type(n) is int and n > 0 for n in heads):
        raise ModelFileError(f"{weights.path}: its metadata on the network is damaged")
    return heads


def _size(weights: TensorFile, name: str, axis: int) -> int | None:
    stored = weights.tensors.get(name)
    if stored is None or not stored.shape or not stored.nbytes:
        return None
    if stored.shape[axis] > _MAX_WIDTH:
        raise ModelFileError(f"{weights.path} claims a width of {stored.shape[axis]}: no HMR 2.0")
    return stored.shape[axis]


def _count(weights: TensorFile, pattern: re.Pattern[str]) -> int:
    """How many layers there are."""
    count = len({match[1] for name in weights.tensors if (match := pattern.fullmatch(name))})
    if count > _MAX_LAYERS:
        raise ModelFileError(f"{weights.path} claims {count} layers: it is no HMR 2.0")
    return count

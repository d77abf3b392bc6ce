"""Our names of HMR 2.0's tensors and those of the official checkpoints, one to one.

The backbone's are the same. The head's official ones number the parts of a layer.
"""

from __future__ import annotations

#: Not needed to recover bodies: of a training, whose discriminator judges poses, whose heatmaps
#: teach the backbone, and whose running mean of the weights is exported by itself.
IGNORED_PREFIXES = ("discriminator.", "ema.", "heatmaps.")
IGNORED_NAMES = ("initialized",)
BODY_PREFIX = "smpl."

_LAYERS = "smpl_head.transformer.transformer.layers"
_HEAD = {
    "position": "transformer.pos_embedding",
    "token": "transformer.to_token_embedding",
    "pose": "decpose",
    "shape": "decshape",
    "camera": "deccam",
    "mean_pose": "init_body_pose",
    "mean_betas": "init_betas",
    "mean_camera": "init_cam",
}
_LAYER = {
    "self_attention.norm": "0.norm",
    "self_attention.qkv": "0.fn.to_qkv",
    "self_attention.out": "0.fn.to_out.0",
    "cross_attention.norm": "1.norm",
    "cross_attention.q": "1.fn.to_q",
    "cross_attention.kv": "1.fn.to_kv",
    "cross_attention.out": "1.fn.to_out.0",
    "feed_forward.norm": "2.norm",
    "feed_forward.fc1": "2.fn.net.0",
    "feed_forward.fc2": "2.fn.net.3",
}


def official_name(name: str) -> str:
    """The name in an official checkpoint of a tensor in `Hmr2.state_dict()`."""
    part, _, rest = name.partition(".")
    if part == "backbone":
        return name
    if rest.startswith("layers."):
        _, index, rest = rest.split(".", 2)
        module, _, leaf = rest.rpartition(".")
        return f"{_LAYERS}.{index}.{_LAYER[module]}.{leaf}"
    module, _, leaf = rest.partition(".")
    return ".".join(filter(None, ("smpl_head", _HEAD[module], leaf)))

"""Checkpoint -> network.

A checkpoint is untrusted: it is read as data, nothing in it is executed. It carries the body
model and the mean parameters too, so that one file is enough.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import torch

from ...body import BodyModel, body_data
from ...body.data import OPTIONAL_NAMES, REQUIRED_NAMES, STATE_DICT_NAMES
from ...errors import Humans4dError, ModelFileError
from .config import Hmr2Config
from .model import Hmr2
from .names import BODY_PREFIX, IGNORED_NAMES, IGNORED_PREFIXES, official_name
from .safetensors_file import index_safetensors, looks_like_safetensors
from .tensor_file import TensorFile
from .torch_archive import index_torch_archive

CHECKPOINT_VARIABLE = "HUMANS4D_CHECKPOINT"
#: Where the original keeps its files, under home.
CACHE = Path(".cache/4DHumans")
#: Inside of it, or of a training's folder.
_FOLDERS = (Path("."), Path("checkpoints"), Path("logs/train/multiruns/hmr2/0/checkpoints"))
_RELEASED = "epoch=35-step=1000000.ckpt"

#: Metadata of our own format: its version, and the network's sizes as JSON.
FORMAT_KEY = "humans4d_format"
FORMAT_VERSION = "1"
CONFIG_KEY = "hmr2_config"

_BODY_ARRAYS = {STATE_DICT_NAMES.get(key, key) for key in (*REQUIRED_NAMES, *OPTIONAL_NAMES)}
_BLOCK = re.compile(r"backbone\.blocks\.(\d+)\.attn\.qkv\.weight")
_LAYER = re.compile(r"smpl_head\.transformer\.transformer\.layers\.(\d+)\.0\.norm\.weight")
#: Beyond these a file is hostile: it must not become modules.
_MAX_LAYERS = 256
_MAX_WIDTH = 1 << 16
#: Heads leave no trace in shapes: ViTPose's by width, the decoder's by heads x size of a head.
_VIT_HEADS = {384: 12, 768: 12, 1024: 16, 1280: 16}
_DECODER_HEADS = {512: (8, 64)}


def load_checkpoint(
    path: str | Path,
    config: Hmr2Config | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Hmr2:
    """The network of a checkpoint, in eval mode, without gradients.

    path: torch's .ckpt or a .safetensors of `humans4d weights convert`, or a folder with one.
    config: None takes it from the file. dtype: of the backbone; head and body stay float32, where
    a reduced precision costs degrees and saves nothing. `body` is None where the file has none.
    Raises ModelFileError for a file that is missing, damaged, not HMR 2.0 or not of `config`.
    """
    if not dtype.is_floating_point:
        raise ValueError(f"a network computes in floating point, not in {dtype}")
    device = _available(device)
    with open_weights(path) as weights:
        config = config or stored_config(weights)
        model = _bare(config)
        check_complete(weights, config)
        try:
            state = {
                name: weights.read(
                    official_name(name), dtype if name.startswith("backbone.") else torch.float32
                ).to(device)
                for name in model.state_dict()
            }
            model.load_state_dict(state, assign=True)
            model.body = _body(weights)
            return model.eval().requires_grad_(False).to(device)
        except torch.cuda.OutOfMemoryError:
            raise Humans4dError(
                f"the memory of {device} does not hold {weights.path}: free some, or use the CPU"
            ) from None


def open_weights(path: str | Path) -> TensorFile:
    """The index of a checkpoint's tensors; the content decides which kind of file it is.

    Raises ModelFileError for a file that is missing or neither torch's nor safetensors.
    """
    path = checkpoint_in(Path(path))
    try:
        file = path.open("rb")
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        start = file.read(9)
        if start.startswith(b"PK\x03\x04"):
            return index_torch_archive(path, file)
        if looks_like_safetensors(start):
            weights = index_safetensors(path, file)
            if weights.metadata.get(FORMAT_KEY, FORMAT_VERSION) != FORMAT_VERSION:
                raise ModelFileError(f"{path} is of a newer format: update humans4d")
            return weights
        what = "is empty" if not start else "is neither a .safetensors nor torch's zip format"
        if start[:1] == b"\x80":
            what = "is a bare pickle, as torch has not written since 1.6; nothing in it was run"
        raise ModelFileError(f"{path} {what}: give a checkpoint of HMR 2.0")
    except BaseException:
        file.close()
        raise


def find_checkpoint(path: str | Path | None = None) -> Path | None:
    """The checkpoint to use: `path`, else $HUMANS4D_CHECKPOINT, else the original's cache.

    Each may be a file or a folder. None where nothing was asked for and the cache has none;
    raises ModelFileError where what was asked for has none.
    """
    wanted = path or os.environ.get(CHECKPOINT_VARIABLE)
    if wanted:
        return checkpoint_in(Path(wanted).expanduser())
    cache = Path.home() / CACHE
    return checkpoint_in(cache) if _candidates(cache) else None


def checkpoint_in(path: Path) -> Path:
    """`path`, or the checkpoint in that folder: our own format first, then the released one."""
    if not path.is_dir():
        if not path.exists():
            raise ModelFileError(f"{path} does not exist: give the checkpoint's path")
        return path
    candidates = _candidates(path)
    if not candidates:
        raise ModelFileError(f"{path} holds no .ckpt or .safetensors: give the checkpoint's path")
    if len(candidates) > 1:
        names = ", ".join(str(candidate.relative_to(path)) for candidate in candidates[:3])
        raise ModelFileError(
            f"{path} holds {len(candidates)} checkpoints ({names}): name one of them"
        )
    return candidates[0]


def _candidates(folder: Path) -> list[Path]:
    for pattern in ("*.safetensors", _RELEASED, "*.ckpt"):
        for inner in _FOLDERS:
            if found := sorted((folder / inner).glob(pattern)):
                return found
    return []


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
            "them: give a Hmr2Config"
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


def check_complete(weights: TensorFile, config: Hmr2Config) -> None:
    """Raise ModelFileError unless the file holds exactly the network's tensors.

    The body's, the discriminator's and training's are allowed.
    """
    state = _bare(config).state_dict()
    expected = {official_name(name): value for name, value in state.items()}
    missing = [name for name in expected if name not in weights.tensors]
    if missing:
        raise ModelFileError(
            f"{weights.path} lacks {len(missing)} of the {len(expected)} tensors of HMR 2.0 "
            f"({_some(missing)}): it is partial or another network's checkpoint"
        )
    unexpected = [
        name
        for name in weights.tensors
        if name not in expected
        and name not in IGNORED_NAMES
        and not name.startswith((BODY_PREFIX, *IGNORED_PREFIXES))
    ]
    if unexpected:
        raise ModelFileError(
            f"{weights.path} holds {len(unexpected)} tensors that this HMR 2.0 does not have "
            f"({_some(unexpected)}): it is another network's checkpoint"
        )
    wrong = [
        f"{name} {weights.tensors[name].shape} instead of {tuple(value.shape)}"
        for name, value in expected.items()
        if weights.tensors[name].shape != tuple(value.shape)
    ]
    if wrong:
        raise ModelFileError(
            f"{weights.path}: {len(wrong)} tensors have other shapes than the configuration says "
            f"({_some(wrong)})"
        )
    kinds = [name for name in expected if not weights.tensors[name].dtype.is_floating_point]
    if kinds:
        raise ModelFileError(f"{weights.path}: {_some(kinds)} hold no floating point numbers")
    body = body_names(weights.tensors)
    wanted = sum(weights.tensors[name].nbytes for name in (*expected, *body))
    size = os.fstat(weights.file.fileno()).st_size
    if wanted > size:
        raise ModelFileError(
            f"{weights.path}: {size} bytes that claim to hold {wanted}: the file is not trusted"
        )


def _bare(config: Hmr2Config) -> Hmr2:
    """The network without memory for its numbers."""
    with torch.device("meta"):
        return Hmr2(config)


def _some(names: list[str], limit: int = 3) -> str:
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


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


def _body(weights: TensorFile) -> BodyModel | None:
    names = body_names(weights.tensors)
    if not names:
        return None
    arrays = {name.removeprefix(BODY_PREFIX): weights.read(name) for name in names}
    return BodyModel(body_data(arrays, str(weights.path)))


def body_names(names: Iterable[str]) -> list[str]:
    """The arrays of the body model among `names`."""
    return [name for name in names if name.removeprefix(BODY_PREFIX) in _BODY_ARRAYS]


def _available(device: str | torch.device) -> torch.device:
    try:
        device = torch.device(device)
        torch.empty(0, device=device)
        return device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise Humans4dError(f"device '{device}' cannot be used: {reason}") from None

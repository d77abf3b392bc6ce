"""Checkpoint -> network.

A checkpoint is untrusted: it is read as data, nothing in it is executed. It carries the body
model and the mean parameters too, so that one file is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch

from ...body import body_data
from ...body.body_data import OPTIONAL_NAMES, REQUIRED_NAMES, STATE_DICT_NAMES
from ...body.body_module import BodyModule
from ...errors import Humans4dError, ModelFileError
from ...untrusted_files.tensor_files import TensorFile, check_network, open_weights, some_of
from ..engines.device import available_device
from .checkpoint_search import checkpoint_in
from .hmr2_config import Hmr2Config
from .hmr2_model import Hmr2
from .network_sizes import stored_config
from .parameter_names import BODY_PREFIX, IGNORED_NAMES, IGNORED_PREFIXES, official_name

#: Metadata of our own format: its version.
FORMAT_KEY = "humans4d_format"
FORMAT_VERSION = "1"

_REQUIRED_OF_BODY = [BODY_PREFIX + STATE_DICT_NAMES.get(key, key) for key in REQUIRED_NAMES]
_OPTIONAL_OF_BODY = [BODY_PREFIX + key for key in OPTIONAL_NAMES]


def load_checkpoint(
    path: str | Path,
    config: Hmr2Config | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Hmr2:
    """The network of a checkpoint, in eval mode, without gradients.

    path: torch's .ckpt or a .safetensors of `humans4d weights convert`, or a folder with one.
    config: None takes it from the file, which tells it for the published sizes and in our own
    format; others leave no trace of their numbers of heads. dtype: of the backbone; head and body
    stay float32, where a reduced precision costs degrees and saves nothing. `body` is None where
    the file has none.
    Raises ModelFileError for a file that is missing, damaged, not HMR 2.0 or not of `config`,
    Humans4dError for a device that is absent or too small.
    """
    if not dtype.is_floating_point:
        raise ValueError(f"a network computes in floating point, not in {dtype}")
    device = available_device(device)
    with open_checkpoint(path) as weights:
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


def open_checkpoint(path: str | Path) -> TensorFile:
    """The index of a checkpoint's tensors; `path` may be a folder with one.

    Raises ModelFileError for a file that is missing, damaged or neither torch's nor safetensors.
    """
    weights = open_weights(checkpoint_in(Path(path)))
    if weights.metadata.get(FORMAT_KEY, FORMAT_VERSION) != FORMAT_VERSION:
        weights.file.close()
        raise ModelFileError(f"{weights.path} is of a newer format: update humans4d")
    return weights


def check_complete(weights: TensorFile, config: Hmr2Config) -> None:
    """Raise ModelFileError unless the file holds exactly the network's tensors.

    The body's, all of them or none, the discriminator's and training's may stand beside them.
    """
    state = _bare(config).state_dict()
    expected = {official_name(name): tuple(value.shape) for name, value in state.items()}
    unexpected = [
        name
        for name in weights.tensors
        if name not in expected
        and name not in IGNORED_NAMES
        and not name.startswith((BODY_PREFIX, *IGNORED_PREFIXES))
    ]
    body = body_names(weights.tensors)
    advice = "it is partial or another network's checkpoint"
    check_network(weights, "HMR 2.0", expected, unexpected, advice, read_beside=body)
    missing = [name for name in _REQUIRED_OF_BODY if name not in weights.tensors]
    if body and missing:
        raise ModelFileError(
            f"{weights.path} lacks {len(missing)} tensors of its body model ({some_of(missing)}): "
            "it is partial"
        )


def body_names(names: Iterable[str]) -> list[str]:
    """The arrays of the body model among `names`."""
    return [name for name in names if name in _REQUIRED_OF_BODY or name in _OPTIONAL_OF_BODY]


def _bare(config: Hmr2Config) -> Hmr2:
    """The network without memory for its numbers."""
    with torch.device("meta"):
        return Hmr2(config)


def _body(weights: TensorFile) -> BodyModule | None:
    names = body_names(weights.tensors)
    if not names:
        return None
    arrays = {}
    for name in names:
        # numpy, which bodies are checked in, knows no bfloat16.
        is_float = weights.tensors[name].dtype.is_floating_point
        arrays[name.removeprefix(BODY_PREFIX)] = weights.read(
            name, torch.float32 if is_float else None
        )
    return BodyModule(body_data(arrays, str(weights.path)))

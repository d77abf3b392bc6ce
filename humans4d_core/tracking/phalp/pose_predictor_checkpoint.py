"""The pose predictor's files: checkpoint, configuration, and the mean and spread of tokens.

All are untrusted: they are read as data, and a network is only made once the file is known to
hold each of its tensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import ModelFileError
from ...untrusted_files import read_npy, read_yaml
from ...untrusted_files.tensor_files import TensorFile, check_network, open_weights
from .pose_predictor import PosePredictor
from .pose_transformer import LOCATION_NUMBERS, TOKEN_NUMBERS, PosePredictorConfig

_ENCODER = "encoder."
_STATISTICS = ("mean", "std")
#: The file keeps it a second time as pos_embedding, in the same bytes.
_SHARED = "encoder.pe"

_MAX_FILE_BYTES = 1 << 20  # of a configuration or of the statistics: some KB
#: Beyond these a configuration is hostile: it must not become modules.
_MAX_LAYERS = 256
_MAX_WIDTH = 1 << 16

#: Where the original's configuration keeps each size.
_SIZES = {
    "frame_length": "frame_length",
    "width": "in_feat",
    "encoder_width": "extra_feat.pose_shape.mid_dim",
    "depth": "transformer.depth",
    "heads": "transformer.heads",
    "dim_head": "transformer.dim_head",
    "mlp_dim": "transformer.mlp_dim",
    "conv_stride": "transformer.conv.stride",
    "conv_padding": "transformer.conv.pad",
    "num_readouts": "num_smpl_heads",
}


def load_pose_predictor(
    path: str | Path,
    mean_std: str | Path | None = None,
    config: PosePredictorConfig | str | Path | None = None,
) -> PosePredictor:
    """The pose predictor of a checkpoint, on the CPU, in eval mode, without gradients.

    path: the original's .ckpt or .pth, or a state_dict of a PosePredictor. mean_std: the
    original's mean_std.npy; None: the checkpoint has both itself. config: the sizes, or the
    original's .yaml with them; None: the .yaml of the checkpoint's name beside it, else LART's.
    Raises ModelFileError for files that are missing, damaged, or do not belong together.
    """
    with open_weights(Path(path)) as weights:
        if config is None:
            beside = weights.path.with_suffix(".yaml")
            config = beside if beside.exists() else PosePredictorConfig()
        if not isinstance(config, PosePredictorConfig):
            config = read_config(Path(config))
        with torch.device("meta"):  # no memory before the file is known to fill it
            predictor = PosePredictor(config)
        stored = [name for name in predictor.state_dict() if name.startswith(_ENCODER)]
        if mean_std is None:
            stored += _STATISTICS
        _check_complete(weights, predictor, stored)
        state = {name: weights.read(name, torch.float32) for name in stored}
        if mean_std is None:
            _check_spread(weights.path, state["std"])
        else:
            state["mean"], state["std"] = _read_statistics(Path(mean_std))
    predictor.load_state_dict(state, assign=True)
    return predictor.eval().requires_grad_(False)


def read_config(path: Path) -> PosePredictorConfig:
    """The sizes in the original's configuration file.

    Raises ModelFileError where it cannot be read or describes a network that takes more than poses.
    """
    content = _read_yaml(path)
    numbers = {name: _number(path, content, key) for name, key in _SIZES.items()}
    for name, key in _SIZES.items():
        layers = name in ("depth", "num_readouts")
        if numbers[name] > (_MAX_LAYERS if layers else _MAX_WIDTH):
            raise ModelFileError(f"{path}: {key} of {numbers[name]} is not a pose predictor's")
    for key, expected in (
        ("extra_feat.pose_shape.dim", TOKEN_NUMBERS),
        ("extra_feat.pose_shape.en_dim", numbers["width"]),
    ):
        if _number(path, content, key) != expected:
            raise ModelFileError(f"{path}: {key} is not {expected}: it is another network's")
    if _value(content, "extra_feat.enable"):
        raise ModelFileError(
            f"{path}: the network needs more than poses (extra_feat.enable): give the "
            "tracker's pose predictor, not an action recogniser"
        )
    valid_only = _value(content, "ava.predict_valid")
    actions = "ava.num_valid_action_classes" if valid_only else "ava.num_action_classes"
    try:
        return PosePredictorConfig(num_actions=_number(path, content, actions), **numbers)
    except ValueError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _read_yaml(path: Path) -> Any:
    """What stands under the configuration's `configs`."""
    content = read_yaml(path, _MAX_FILE_BYTES, ModelFileError)
    return content.get("configs") if isinstance(content, dict) else None


def _value(content: Any, key: str) -> Any:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content


def _number(path: Path, content: Any, key: str) -> int:
    value = _value(content, key)
    if type(value) is not int or value < 0:
        raise ModelFileError(
            f"{path}: configs.{key} is missing or no whole number: give the configuration of the "
            "pose predictor"
        )
    return value


def _check_complete(weights: TensorFile, predictor: PosePredictor, stored: list[str]) -> None:
    """Raise ModelFileError unless the file holds exactly the network; what is beside it may be."""
    state = predictor.state_dict()
    missing = {name for name in stored if name not in weights.tensors}
    if missing == set(_STATISTICS):
        raise ModelFileError(
            f"{weights.path} lacks the mean and spread of poses: give the original's "
            "mean_std.npy too"
        )
    expected = {name: tuple(state[name].shape) for name in stored}
    unexpected = [name for name in weights.tensors
                  if name.startswith(_ENCODER) and name not in state]  # fmt: skip
    advice = "give the .yaml that belongs to it, or the pose predictor's checkpoint"
    check_network(weights, "the pose predictor", expected, unexpected, advice, shared={_SHARED})


def _read_statistics(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and spread of each number of a token, (1, 1, 229) each."""
    stored = read_npy(path, _MAX_FILE_BYTES)
    shapes = [(2, 1, TOKEN_NUMBERS - LOCATION_NUMBERS), (2, 1, TOKEN_NUMBERS)]
    if stored.dtype.kind != "f" or stored.shape not in shapes:
        raise ModelFileError(
            f"{path} is not the mean and spread of {TOKEN_NUMBERS} numbers, an array (2, 1, "
            f"{TOKEN_NUMBERS}): give the original's mean_std.npy"
        )
    numbers = torch.from_numpy(stored.astype(np.float32)).reshape(2, 1, 1, -1)
    # Where the location has no statistics of its own it stays as it is.
    mean, std = (
        torch.nn.functional.pad(part, (0, TOKEN_NUMBERS - part.shape[-1]), value=value)
        for part, value in zip(numbers, (0.0, 1.0), strict=True)
    )
    if not mean.isfinite().all():
        raise ModelFileError(f"{path} holds NaN or infinity: copy it again")
    _check_spread(path, std)
    return mean, std


def _check_spread(path: Path, std: torch.Tensor) -> None:
    if not (std.isfinite() & (std >= 0)).all():
        raise ModelFileError(f"{path}: a spread is negative or not finite: the file is damaged")

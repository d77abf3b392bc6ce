"""The tensors of a training under the names of the original's checkpoints, and back.

backbone.*, smpl_head.*    the network               discriminator.*    under its own names
smpl.*                     the body                  ema.*              the running mean
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from ...body.body_data import BodyData
from ...recovery.hmr2.parameter_names import BODY_PREFIX, official_name
from ...types import JOINT_PARENTS

Tensors = Mapping[str, torch.Tensor]
_MODEL, _EMA = "model.", "ema."


def to_official(state: Tensors, body: BodyData) -> dict[str, torch.Tensor]:
    """Of a training's state_dict and its body."""
    official = {_official(name): tensor for name, tensor in state.items()}
    return official | body_tensors(body)


def from_official(official: Tensors, state: Tensors) -> dict[str, torch.Tensor]:
    """For a training whose present state_dict is `state`."""
    return {name: official[_official(name)] for name in state}


def body_tensors(body: BodyData) -> dict[str, torch.Tensor]:
    """A body's arrays as the original's checkpoints carry them."""
    count = len(body.template)
    arrays: dict[str, np.ndarray] = {
        "v_template": body.template,
        "shapedirs": body.shape_directions,
        "J_regressor": body.joint_regressor,
        "lbs_weights": body.skinning_weights,
        "faces_tensor": body.faces.astype(np.int64),
        "parents": np.array(JOINT_PARENTS, np.int64),
    }
    if body.pose_directions is not None:
        arrays["posedirs"] = body.pose_directions.reshape(3 * count, -1).T
    if body.joint_regressor_extra is not None:
        arrays["joint_regressor_extra"] = body.joint_regressor_extra
    return {BODY_PREFIX + name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}


def _official(name: str) -> str:
    if name.startswith(_MODEL):
        return official_name(name.removeprefix(_MODEL))
    if name.startswith(_EMA + "module."):
        return _EMA + official_name(name.removeprefix(_EMA + "module."))
    return name

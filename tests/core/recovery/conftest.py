from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from humans4d_core.body import load_body
from humans4d_core.body.body_module import BodyModule
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config
from humans4d_core.recovery.hmr2.parameter_names import official_name
from humans4d_core.types import JOINT_PARENTS

#: The sizes of the recorded tiny network.
TINY = Hmr2Config(embed_dim=64, depth=2, num_heads=4, decoder_dim=96, decoder_depth=2,
                  decoder_heads=2, decoder_dim_head=16, decoder_mlp_dim=128)  # fmt: skip


class ForeignConfiguration(dict):
    """Stands for the configuration class that official checkpoints pickle."""

    def __init__(self):
        super().__init__(MODEL={"IMAGE_SIZE": 256})
        self.frozen = True


@pytest.fixture(scope="session")
def golden(parity_folder) -> dict[str, torch.Tensor]:
    """One image and the original's outputs for it; `vertices`: the rows of pred_vertices."""
    recorded = np.load(parity_folder / "hmr2_outputs.npz")
    return {
        k: torch.from_numpy(v if k == "vertices" else v[:1]) for k, v in recorded.items() if v.ndim
    }


@pytest.fixture(scope="session")
def tiny_config() -> Hmr2Config:
    return TINY


@pytest.fixture(scope="session")
def tiny_model() -> Hmr2:
    """Random weights in every tensor, none of them zero or one."""
    torch.manual_seed(0)
    model = Hmr2(TINY).eval().requires_grad_(False)
    for tensor in model.state_dict().values():
        tensor += 0.1 * torch.randn(tensor.shape)
    return model


@pytest.fixture(scope="session")
def body() -> BodyModule:
    """The free one."""
    return BodyModule(load_body())


@pytest.fixture
def model_with_body(tiny_model, body) -> Iterator[Hmr2]:
    tiny_model.body = body
    yield tiny_model
    tiny_model.body = None


@pytest.fixture(scope="session")
def official_state(tiny_model) -> dict[str, torch.Tensor]:
    """The model in the names of an official checkpoint, with all that stands in one."""
    generator = torch.Generator().manual_seed(1)
    state = {official_name(name): value for name, value in tiny_model.state_dict().items()}
    vertices = 30
    state |= {
        "initialized": torch.tensor(True),
        "discriminator.D_conv1.bias": torch.randn(32, generator=generator),
        "smpl.v_template": torch.randn(vertices, 3, generator=generator),
        "smpl.shapedirs": torch.randn(vertices, 3, 10, generator=generator),
        "smpl.posedirs": torch.randn(207, vertices * 3, generator=generator),
        "smpl.J_regressor": torch.full((24, vertices), 1 / vertices),
        "smpl.lbs_weights": torch.full((vertices, 24), 1 / 24),
        "smpl.faces_tensor": torch.arange(30).reshape(10, 3),
        "smpl.parents": torch.tensor(JOINT_PARENTS),
        "smpl.joint_regressor_extra": torch.full((19, vertices), 1 / vertices),
        "smpl.joint_map": torch.arange(25),
    }
    return state


@pytest.fixture
def save_checkpoint(tmp_path, official_state):
    """save_checkpoint(**changes): an official-looking checkpoint; a change of None removes."""

    def save(changes: dict | None = None, name: str = "model.ckpt", **extra) -> Path:
        state = {**official_state, **(changes or {})}
        state = {key: value for key, value in state.items() if value is not None}
        content = {
            "epoch": 35,
            "global_step": 1000000,
            "state_dict": state,
            "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(1000)}}}],
            "hyper_parameters": {"cfg": ForeignConfiguration(), "device": torch.device("cpu")},
            **extra,
        }
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, path)
        return path

    return save

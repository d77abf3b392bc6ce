"""A training's tensors in the original's layout."""

import json

import numpy as np
import pytest
import torch

from humans4d_core.body.body_data import body_data
from humans4d_core.errors import InputFileError
from humans4d_core.recovery.hmr2.hmr2_config import Hmr2Config
from humans4d_core.recovery.hmr2.hmr2_model import Hmr2
from humans4d_core.training.hmr2.checkpoint_layout import from_official, to_official
from humans4d_core.training.hmr2.discriminator import Discriminator
from humans4d_core.training.hmr2.real_poses import read_real_poses, write_real_poses

SMALL = Hmr2Config(32, 1, 2, 32, 2, 2, 16, 32)


@pytest.fixture
def state():
    """As a module's that has a network, its mean and a discriminator."""
    torch.manual_seed(0)
    parts = {"model.": Hmr2(SMALL), "ema.module.": Hmr2(SMALL), "discriminator.": Discriminator()}
    state = {p + n: value for p, part in parts.items() for n, value in part.state_dict().items()}
    return state | {"ema.n_averaged": torch.tensor(7)}


def test_there_and_back(state, body):
    official = to_official(state, body)
    again = from_official(official, state)
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], state[name]) for name in state)


def test_names_are_the_originals(parity_folder):
    """All of the released checkpoint's but what its body library keeps for itself."""
    with torch.device("meta"):
        state = {f"model.{n}": v for n, v in Hmr2().state_dict().items()}
        state |= {f"discriminator.{n}": v for n, v in Discriminator().state_dict().items()}
    keys = json.loads((parity_folder / "hmr2_full_keys.json").read_text())["keys"]
    body = body_data(
        {n.removeprefix("smpl."): np.zeros(s, np.float32) for n, (s, _) in keys.items()
         if n.startswith("smpl.")}
        | {"parents": np.array([-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17,
                                18, 19, 20, 21]),
           "faces_tensor": np.zeros((13776, 3), np.int64),
           "lbs_weights": np.full((6890, 24), 1 / 24, np.float32)}
    )  # fmt: skip
    official = to_official(state, body)
    for name, tensor in official.items():
        assert list(tensor.shape) == keys[name][0], name
    missing = {n for n in keys if n not in official}
    assert all(n.startswith("smpl.") or n == "initialized" for n in missing), missing


def test_a_body_survives(body):
    official = to_official({}, body)
    arrays = {name.removeprefix("smpl."): tensor.numpy() for name, tensor in official.items()}
    again = body_data(arrays, name=body.name)
    for name in ("template", "shape_directions", "joint_regressor", "skinning_weights", "faces"):
        np.testing.assert_array_equal(getattr(again, name), getattr(body, name))


def test_real_poses_are_read_back_and_others_refused(tmp_path):
    pose = np.random.default_rng(0).normal(size=(5, 23, 3, 3)).astype(np.float32)
    write_real_poses(tmp_path / "p.npz", pose)
    np.testing.assert_array_equal(read_real_poses(tmp_path / "p.npz"), pose)
    np.savez(tmp_path / "q.npz", body_pose=pose[:, :5])
    with pytest.raises(InputFileError, match=r"expected \(F, 23, 3, 3\)"):
        read_real_poses(tmp_path / "q.npz")
    np.savez(tmp_path / "r.npz", poses=pose)
    with pytest.raises(InputFileError, match="body_pose"):
        read_real_poses(tmp_path / "r.npz")

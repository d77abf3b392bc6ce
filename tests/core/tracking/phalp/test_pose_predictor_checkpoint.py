from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from humans4d_core.errors import ModelFileError
from humans4d_core.tracking.phalp.pose_predictor_checkpoint import load_pose_predictor, read_config

#: The configuration of `predictor` as the original writes it.
ORIGINAL_YAML = """
configs:
  frame_length: 20
  in_feat: 16
  num_smpl_heads: 1
  ava: {num_action_classes: 80, num_valid_action_classes: 3, predict_valid: true}
  extra_feat: {enable: '', pose_shape: {dim: 229, mid_dim: 8, en_dim: 16}}
  transformer: {depth: 2, heads: 2, mlp_dim: 8, dim_head: 4, conv: {pad: 1, stride: 5}}
"""


@pytest.fixture
def saved(predictor, tmp_path) -> Path:
    """A checkpoint in the original's layout, its configuration beside it."""
    state = {k: v for k, v in predictor.state_dict().items() if k.startswith("encoder.")}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "pose.pth")
    (tmp_path / "pose.yaml").write_text(ORIGINAL_YAML)
    statistics = torch.stack((predictor.mean[0], predictor.std[0])).double().numpy()
    np.save(tmp_path / "mean_std.npy", statistics)
    return tmp_path / "pose.pth"


def resaved(path: Path, change) -> Path:
    state = torch.load(path, weights_only=True)["state_dict"]
    change(state)
    torch.save({"state_dict": state}, path)
    return path


def refusal(*arguments) -> str:
    with pytest.raises(ModelFileError) as error:
        load_pose_predictor(*arguments)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_every_tensor_arrives(saved, predictor):
    loaded = load_pose_predictor(saved, saved.with_name("mean_std.npy"))
    assert asdict(loaded.config) == asdict(predictor.config)
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    state = loaded.state_dict()
    assert state.keys() == predictor.state_dict().keys()
    assert all(torch.equal(state[k], v) for k, v in predictor.state_dict().items())


def test_our_own_state_dict_carries_its_statistics(predictor, people, tmp_path):
    torch.save(predictor.state_dict(), tmp_path / "own.ckpt")
    loaded = load_pose_predictor(tmp_path / "own.ckpt", config=predictor.config)
    assert torch.equal(loaded.predict(**people), predictor.predict(**people))


def test_a_location_without_statistics_stays_as_it_is(saved):
    statistics = saved.with_name("mean_std.npy")
    np.save(statistics, np.load(statistics)[:, :, :226])
    loaded = load_pose_predictor(saved, statistics)
    token = torch.randn(229)
    assert torch.equal(loaded.normalized(token)[226:], token[226:])
    assert not torch.equal(loaded.normalized(token)[:226], token[:226])


def test_tensors_beside_the_encoder_are_no_obstacle(saved):
    resaved(saved, lambda state: state.update({"smpl.v_template": torch.zeros(3)}))
    load_pose_predictor(saved, saved.with_name("mean_std.npy"))


def test_a_missing_encoder_is_refused_and_never_skipped(saved):
    name = "encoder.pose_shape_encoder.0.weight"
    resaved(saved, lambda state: state.pop(name))
    message = refusal(saved, saved.with_name("mean_std.npy"))
    assert "lacks 1 of the" in message and f"of the pose predictor ({name})" in message


def test_tensors_of_a_deeper_network_are_refused(saved, predictor):
    shallow = replace(predictor.config, depth=1)
    assert "does not have" in refusal(saved, saved.with_name("mean_std.npy"), shallow)


def test_other_sizes_than_the_configurations_are_refused(saved, predictor):
    wide = replace(predictor.config, mlp_dim=9)
    message = refusal(saved, saved.with_name("mean_std.npy"), wide)
    assert "(8, 16) instead of (9, 16)" in message and "give the .yaml" in message


def test_a_checkpoint_without_statistics_asks_for_them(saved):
    assert "give the original's mean_std.npy" in refusal(saved)


@pytest.mark.parametrize(
    ("statistics", "reason"),
    [
        (np.ones((2, 1, 100)), "is not the mean and spread of 229 numbers"),
        (np.ones((2, 1, 229), int), "is not the mean and spread of 229 numbers"),
        (np.full((2, 1, 229), np.nan), "NaN"),
        (-np.ones((2, 1, 229)), "spread is negative"),
    ],
)
def test_wrong_statistics_are_refused(saved, statistics, reason):
    np.save(saved.with_name("wrong.npy"), statistics)
    assert reason in refusal(saved, saved.with_name("wrong.npy"))


class WritesAFile:
    """What pickle would run on loading: a call that leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_nothing_that_statistics_name_is_run(saved):
    hostile, trace = saved.with_name("hostile.npy"), saved.with_name("trace")
    np.save(hostile, np.array([WritesAFile(trace)], dtype=object), allow_pickle=True)
    assert "nothing in it was run" in refusal(saved, hostile)
    assert not trace.exists()


def test_nothing_that_a_checkpoint_names_is_run(saved):
    trace = saved.with_name("trace")
    torch.save({"state_dict": {"encoder.mask_token": WritesAFile(trace)}}, saved)
    refusal(saved, saved.with_name("mean_std.npy"))
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY no array"])
def test_damaged_files_are_refused(saved, content):
    saved.with_name("damaged").write_bytes(content)
    refusal(saved.with_name("damaged"), saved.with_name("mean_std.npy"))
    refusal(saved, saved.with_name("damaged"))
    refusal(saved, saved.with_name("mean_std.npy"), saved.with_name("damaged"))


def test_files_that_are_not_there_are_named(saved):
    absent = saved.with_name("absent")
    assert str(absent) in refusal(absent)
    assert str(absent) in refusal(saved, absent)
    assert str(absent) in refusal(saved, None, absent)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("in_feat: 16", "in_feat: wide", "configs.in_feat is missing or no whole number"),
        ("in_feat: 16", "", "configs.in_feat is missing or no whole number"),
        ("dim: 229", "dim: 228", "pose_shape.dim is not 229"),
        ("enable: ''", "enable: mvit", "needs more than poses"),
        ("depth: 2", "depth: 100000000", "is not a pose predictor's"),
        ("frame_length: 20", "frame_length: 21", "cannot be cut into strides of 5"),
        ("heads: 2", "heads: 0", "positive"),
        ("configs:", "configs: [", "not valid YAML"),
        ("in_feat: 16", "in_feat: !!python/object/apply:os.getcwd []", ""),
    ],
)
def test_wrong_configurations_are_refused(saved, old, new, reason):
    path = saved.with_suffix(".yaml")
    path.write_text(ORIGINAL_YAML.replace(old, new, 1))
    assert reason in refusal(saved, saved.with_name("mean_std.npy"))


def test_the_originals_configuration_is_read(predictor, tmp_path):
    (tmp_path / "pose.yaml").write_text(ORIGINAL_YAML)
    assert read_config(tmp_path / "pose.yaml") == predictor.config

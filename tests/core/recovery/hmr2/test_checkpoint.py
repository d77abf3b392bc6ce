import json
from pathlib import Path

import pytest
import torch

from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config, load_checkpoint
from humans4d_core.recovery.hmr2.checkpoint import check_complete
from humans4d_core.recovery.hmr2.network_sizes import stored_config
from humans4d_core.untrusted_files.tensor_files import StoredTensor, TensorFile, contiguous_strides

PROJ = "backbone.blocks.1.attn.proj.weight"


class WritesAFile:
    """What pickle would run on loading: a call that leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


# Right files


def test_every_tensor_arrives(save_checkpoint, tiny_model, tiny_config):
    model = load_checkpoint(save_checkpoint(), tiny_config)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    loaded = model.state_dict()
    for name, tensor in tiny_model.state_dict().items():
        assert torch.equal(loaded[name], tensor), name


def test_the_body_comes_out_of_the_checkpoint(save_checkpoint, tiny_config, official_state):
    body = load_checkpoint(save_checkpoint(), tiny_config).body
    identity = torch.eye(3).expand(1, 24, 3, 3)
    vertices = body(identity[:, :1], identity[:, 1:], torch.zeros(1, 10)).vertices
    torch.testing.assert_close(vertices[0], official_state["smpl.v_template"])


def test_without_a_body_there_is_none(save_checkpoint, tiny_config, official_state):
    changes = {name: None for name in official_state if name.startswith("smpl.")}
    assert load_checkpoint(save_checkpoint(changes), tiny_config).body is None


def test_a_bare_state_dict_is_a_checkpoint_too(tmp_path, official_state, tiny_config):
    torch.save(official_state, tmp_path / "state.pt")
    assert load_checkpoint(tmp_path / "state.pt", tiny_config).body is not None


def test_sizes_are_read_off_the_released_models_shapes(parity_folder, tmp_path):
    described = json.loads((parity_folder / "hmr2_full_keys.json").read_text())["keys"]
    assert len(described) == 576
    (tmp_path / "sparse").touch()
    tensors = {
        name: StoredTensor(getattr(torch, kind.removeprefix("torch.")), tuple(shape),
                           contiguous_strides(tuple(shape)), 0)
        for name, (shape, kind) in described.items()
    }  # fmt: skip
    with (tmp_path / "sparse").open("r+b") as file:
        file.truncate(3 << 30)  # takes no space
        weights = TensorFile(tmp_path / "released.ckpt", file, "torch", tensors)
        assert stored_config(weights) == Hmr2Config()
        check_complete(weights, Hmr2Config())


def test_where_shapes_do_not_tell_the_heads_a_configuration_is_asked_for(save_checkpoint):
    with pytest.raises(ModelFileError, match="heads.*give load_checkpoint .* its Hmr2Config"):
        load_checkpoint(save_checkpoint())


def test_a_checkpoint_in_half_precision_throughout_is_read(
    save_checkpoint, official_state, tiny_config
):
    """numpy, which bodies are checked in, has no bfloat16."""
    rounded = {name: t.bfloat16() for name, t in official_state.items() if t.is_floating_point()}
    model = load_checkpoint(save_checkpoint(rounded), tiny_config)
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float32}
    assert model.body.model.num_vertices == 30


# Wrong files


def test_a_partial_checkpoint_names_some_of_what_it_lacks(save_checkpoint, tiny_config):
    lacking = {PROJ: None, "backbone.last_norm.bias": None, "smpl_head.deccam.bias": None,
               "smpl_head.init_cam": None}  # fmt: skip
    with pytest.raises(ModelFileError, match=rf"lacks 4 of the \d+.*{PROJ}.*and 1 more"):
        load_checkpoint(save_checkpoint(lacking), tiny_config)


def test_a_partial_body_is_named(save_checkpoint, tiny_config):
    path = save_checkpoint({"smpl.v_template": None, "smpl.parents": None})
    with pytest.raises(ModelFileError, match=r"body model \(smpl.v_template, smpl.parents\)"):
        load_checkpoint(path, tiny_config)


def test_an_unknown_tensor_is_named(save_checkpoint, tiny_config):
    path = save_checkpoint({"backbone.cls_token": torch.zeros(1)})
    with pytest.raises(ModelFileError, match=r"holds 1 tensors.*backbone.cls_token"):
        load_checkpoint(path, tiny_config)


def test_a_checkpoint_of_other_sizes_says_both(save_checkpoint):
    with pytest.raises(ModelFileError, match=r"lacks \d+ of the"):
        load_checkpoint(save_checkpoint(), Hmr2Config())
    wider = Hmr2Config(embed_dim=64, depth=2, num_heads=4, decoder_dim=96, decoder_depth=2,
                       decoder_heads=2, decoder_dim_head=16, decoder_mlp_dim=256)  # fmt: skip
    with pytest.raises(ModelFileError, match=r"\(128, 96\) instead of \(256, 96\)"):
        load_checkpoint(save_checkpoint(), wider)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(save_checkpoint, official_state, tiny_config, value):
    broken = official_state[PROJ].clone()
    broken[3, 5] = value
    with pytest.raises(ModelFileError, match=rf"{PROJ} holds NaN"):
        load_checkpoint(save_checkpoint({PROJ: broken}), tiny_config)


@pytest.mark.parametrize("value", [3e38, -1e7])
def test_weights_that_no_network_has_are_refused(
    save_checkpoint, official_state, tiny_config, value
):
    weights = official_state[PROJ].clone()
    weights[0, 0] = value
    with pytest.raises(ModelFileError, match="which no network's weight is"):
        load_checkpoint(save_checkpoint({PROJ: weights}), tiny_config)


def test_weights_larger_than_most_are_accepted(save_checkpoint, official_state, tiny_config):
    large = torch.full_like(official_state[PROJ], 1e5)
    model = load_checkpoint(save_checkpoint({PROJ: large}), tiny_config)
    assert torch.equal(model.backbone.blocks[1].attn.proj.weight, large)


def test_weights_beyond_a_precisions_range_are_refused(
    save_checkpoint, official_state, tiny_config
):
    path = save_checkpoint({PROJ: official_state[PROJ] + 1e6})
    with pytest.raises(ModelFileError, match="beyond the range of float16"):
        load_checkpoint(path, tiny_config, dtype=torch.float16)


def test_integers_are_no_weights(save_checkpoint, official_state, tiny_config):
    path = save_checkpoint({PROJ: official_state[PROJ].long()})
    with pytest.raises(ModelFileError, match="no floating point numbers"):
        load_checkpoint(path, tiny_config)


def test_another_networks_checkpoint_says_so(tmp_path):
    torch.save(torch.nn.Linear(3, 4).state_dict(), tmp_path / "linear.pt")
    with pytest.raises(ModelFileError, match="lacks 503 of the 503 tensors of HMR 2.0"):
        load_checkpoint(tmp_path / "linear.pt")


@pytest.mark.parametrize("device", ["nonsense", "cuda:99", "meta"])
def test_a_device_that_is_not_there_is_named(save_checkpoint, tiny_config, device):
    with pytest.raises(Humans4dError, match=device):
        load_checkpoint(save_checkpoint(), tiny_config, device=device)


# Hostile files


def test_a_hostile_checkpoint_runs_nothing(save_checkpoint, tiny_config, tmp_path):
    mark = tmp_path / "executed"
    path = save_checkpoint(hyper_parameters=WritesAFile(mark), callbacks={"x": WritesAFile(mark)})
    torch.load(path, weights_only=False)
    assert mark.exists()  # the file is hostile indeed
    mark.unlink()
    model = load_checkpoint(path, tiny_config)
    assert isinstance(model, Hmr2) and not mark.exists()


def test_a_tensor_that_is_a_call_is_refused(save_checkpoint, tiny_config, tmp_path):
    mark = tmp_path / "executed"
    path = save_checkpoint({PROJ: WritesAFile(mark)})
    with pytest.raises(ModelFileError, match=f"{PROJ} is no plain tensor"):
        load_checkpoint(path, tiny_config)
    assert not mark.exists()


def test_tensors_that_share_bytes_to_unfold_are_refused(tmp_path, official_state, tiny_config):
    """Every matrix a view of the largest one: a file of 1 MB would become any number of GB."""
    base = torch.zeros(max(tensor.numel() for tensor in official_state.values()))
    network = ("backbone.", "smpl_head.")
    state = {
        name: base[: tensor.numel()].view(tensor.shape)
        for name, tensor in official_state.items()
        if name.startswith(network)
    }
    torch.save({"state_dict": state}, tmp_path / "bomb.ckpt")
    with pytest.raises(ModelFileError, match="claim to hold"):
        load_checkpoint(tmp_path / "bomb.ckpt", tiny_config)


@pytest.mark.parametrize(
    "names",
    [
        [f"backbone.blocks.{index}.attn.qkv.weight" for index in range(300)],
        ["backbone.pos_embed"],
    ],
)
def test_absurd_sizes_never_become_modules(tmp_path, names):
    tensor = torch.zeros(1, 1 << 17) if names == ["backbone.pos_embed"] else torch.zeros(1)
    torch.save({name: tensor for name in names}, tmp_path / "absurd.ckpt")
    with pytest.raises(ModelFileError, match="claims"):
        load_checkpoint(tmp_path / "absurd.ckpt")


@pytest.mark.parametrize(
    "metadata, message",
    [
        ({"humans4d_format": "2"}, "newer format"),
        ({"hmr2_config": "{"}, "metadata on the network is damaged"),
        ({"hmr2_config": '{"num_heads": 1}'}, "metadata on the network is damaged"),
        (
            {"hmr2_config": '{"num_heads": 7, "decoder_heads": 8, "decoder_dim_head": 64}'},
            "contradicts the tensors' shapes",
        ),
    ],
)
def test_metadata_that_lies_is_refused(tmp_path, metadata, message):
    header = json.dumps({"__metadata__": metadata}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelFileError, match=message):
        load_checkpoint(path)

import json
import os
import pickle
import re
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config, find_checkpoint, load_checkpoint
from humans4d_core.recovery.hmr2.checkpoint import check_complete, open_weights, stored_config
from humans4d_core.recovery.hmr2.tensor_file import StoredTensor, TensorFile, contiguous_strides

PROJ = "backbone.blocks.1.attn.proj.weight"


def rewritten(path: Path, change) -> Path:
    """The archive with each member's name and content passed through `change`."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)
    return path


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


def test_strided_shared_parameter_and_half_tensors_are_read(tmp_path):
    base = torch.randn(6, 8)
    tensors = {
        "transposed": base.T,
        "column": base[:, 3],
        "slice": base[2:4, 1:5],
        "half": base.half(),
        "brain": base.bfloat16(),
        "long": torch.arange(5),
        "flag": torch.tensor(True),
        "none": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base + 1),
    }
    torch.save({"state_dict": tensors}, tmp_path / "tensors.pt")
    with open_weights(tmp_path / "tensors.pt") as weights:
        for name, expected in tensors.items():
            assert torch.equal(weights.read(name), expected), name
            assert weights.read(name).is_contiguous()


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
    with pytest.raises(ModelFileError, match="heads.*give a Hmr2Config"):
        load_checkpoint(save_checkpoint())


# Finding


@pytest.fixture
def no_wishes(monkeypatch, tmp_path):
    monkeypatch.delenv("HUMANS4D_CHECKPOINT", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path


CACHED = "home/.cache/4DHumans/logs/train/multiruns/hmr2/0/checkpoints/"


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_nothing_asked_for_and_nothing_cached_is_none(no_wishes):
    assert find_checkpoint() is None


def test_the_released_checkpoint_is_found_in_the_originals_cache(no_wishes):
    touch(no_wishes / CACHED / "last.ckpt")
    released = touch(no_wishes / CACHED / "epoch=35-step=1000000.ckpt")
    assert find_checkpoint() == released


def test_a_path_goes_before_the_variable_and_that_before_the_cache(no_wishes, monkeypatch):
    touch(no_wishes / CACHED / "epoch=35-step=1000000.ckpt")
    named, variable = touch(no_wishes / "a.ckpt"), touch(no_wishes / "b.ckpt")
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(variable))
    assert find_checkpoint(named) == named
    assert find_checkpoint() == variable


def test_a_folder_stands_for_the_checkpoint_in_it(no_wishes):
    checkpoint = touch(no_wishes / "training" / "checkpoints" / "a.ckpt")
    assert find_checkpoint(no_wishes / "training") == checkpoint
    converted = touch(no_wishes / "training" / "small.safetensors")
    assert find_checkpoint(no_wishes / "training") == converted


def test_a_folder_of_several_asks_which(no_wishes):
    touch(no_wishes / "x" / "a.ckpt")
    touch(no_wishes / "x" / "b.ckpt")
    with pytest.raises(ModelFileError, match=r"2 checkpoints \(a.ckpt, b.ckpt\): name one"):
        find_checkpoint(no_wishes / "x")


@pytest.mark.parametrize("wish", ["missing.ckpt", "empty"])
def test_what_was_asked_for_and_is_not_there_is_an_error(no_wishes, monkeypatch, wish):
    (no_wishes / "empty").mkdir()
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(no_wishes / wish))
    with pytest.raises(ModelFileError, match="give the checkpoint's path"):
        find_checkpoint()


# Wrong files


def test_a_partial_checkpoint_names_some_of_what_it_lacks(save_checkpoint, tiny_config):
    lacking = {PROJ: None, "backbone.last_norm.bias": None, "smpl_head.deccam.bias": None,
               "smpl_head.init_cam": None}  # fmt: skip
    with pytest.raises(ModelFileError, match=rf"lacks 4 of the \d+.*{PROJ}.*and 1 more"):
        load_checkpoint(save_checkpoint(lacking), tiny_config)


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


def test_large_but_finite_weights_are_accepted(save_checkpoint, official_state, tiny_config):
    large = torch.full_like(official_state[PROJ], 3e38)
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


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.999])
def test_a_truncated_checkpoint_is_one_sentence(save_checkpoint, tiny_config, share):
    path = save_checkpoint()
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(ModelFileError) as caught:
        load_checkpoint(path, tiny_config)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02}.", b"PK\x03\x04"])
def test_another_kind_of_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=re.escape(str(path))):
        load_checkpoint(path)


def test_another_networks_checkpoint_says_so(tmp_path):
    torch.save(torch.nn.Linear(3, 4).state_dict(), tmp_path / "linear.pt")
    with pytest.raises(ModelFileError, match="lacks 503 of the 503 tensors of HMR 2.0"):
        load_checkpoint(tmp_path / "linear.pt")


def test_a_device_that_is_not_there_is_named(save_checkpoint, tiny_config):
    for device in ("nonsense", "cuda:99"):
        with pytest.raises(Humans4dError, match=f"device '{device}' cannot be used"):
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


def test_the_format_before_zip_is_refused_unread(official_state, tmp_path):
    mark, path = tmp_path / "executed", tmp_path / "old.ckpt"
    content = {"state_dict": official_state, "hyper_parameters": WritesAFile(mark)}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    with pytest.raises(ModelFileError, match="bare pickle.*nothing in it was run"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(WritesAFile(mark)))
    with pytest.raises(ModelFileError, match="nothing in it was run"):
        load_checkpoint(path)
    assert not mark.exists()


def test_compressed_members_are_refused(save_checkpoint, tiny_config):
    path = save_checkpoint()
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="compressed"):
        load_checkpoint(path, tiny_config)


def test_a_missing_or_shortened_storage_is_refused(save_checkpoint, tiny_config):
    path = rewritten(save_checkpoint(), lambda n, c: None if n.endswith("/data/3") else c)
    with pytest.raises(ModelFileError, match="lacks its storage data/3"):
        load_checkpoint(path, tiny_config)
    path = rewritten(save_checkpoint(), lambda n, c: c[:-4] if n.endswith("/data/3") else c)
    with pytest.raises(ModelFileError, match="does not fit into its storage"):
        load_checkpoint(path, tiny_config)


class Rebuilt:
    """A tensor that claims any offset, shape and strides over a storage of 16 numbers."""

    def __init__(self, offset, shape, strides):
        self.arguments = (torch.zeros(16).untyped_storage(), offset, shape, strides)

    def __reduce__(self):
        storage, *rest = self.arguments
        typed = torch.storage.TypedStorage(
            wrap_storage=storage, dtype=torch.float32, _internal=True
        )
        return torch._utils._rebuild_tensor_v2, (typed, *rest, False, {})


@pytest.mark.parametrize(
    "claim",
    [
        (12, (8,), (1,)),  # runs out of the storage
        (-4, (4,), (1,)),  # begins before it
        (0, (4, 4), (8, 1)),
        (0, (1 << 20, 1 << 20), (0, 0)),  # the same bytes again and again
        (0, (1 << 62, 0), (1, 1)),
        (0, (4,), (-1,)),
        (0, (4,), (1, 1)),
        (0, (1,) * 100, (1,) * 100),
        (0, (4.0,), (1,)),
    ],
)
def test_tensors_outside_of_their_storage_are_refused(save_checkpoint, tiny_config, claim):
    with pytest.raises(ModelFileError, match=PROJ):
        load_checkpoint(save_checkpoint({PROJ: Rebuilt(*claim)}), tiny_config)


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


def test_names_that_would_write_to_a_terminal_are_refused(save_checkpoint, tiny_config):
    with pytest.raises(ModelFileError) as caught:
        load_checkpoint(save_checkpoint({"backbone.\x1b[2J": torch.zeros(1)}), tiny_config)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{",
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}',
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,-16]}}',
        b'{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F7","shape":[],"data_offsets":[0,0]}}',
        b'{"a":{"dtype":"F32","shape":[' + b"[" * 5000 + b"]" * 5000 + b'],"data_offsets":[0,0]}}',
        b'{"a":3}',
        b'{"__metadata__":3}',
        b'{"__metadata__":{"humans4d_format":"2"}}',
        b'{"__metadata__":{"hmr2_config":"{\\"num_heads\\":1000000000000}"}}',
    ],
)
def test_damaged_safetensors_are_one_sentence(tmp_path, header):
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(12))
    with pytest.raises(ModelFileError, match=re.escape(str(path))):
        load_checkpoint(path)
    path.write_bytes(struct.pack("<Q", 1 << 60) + header)
    with pytest.raises(ModelFileError, match=re.escape(str(path))):
        load_checkpoint(path)

import pytest
import torch

from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config, load_checkpoint
from humans4d_core.recovery.hmr2.checkpoint import open_checkpoint
from humans4d_core.recovery.hmr2.parameter_names import official_name
from humans4d_core.recovery.hmr2.weights_conversion import convert_weights, inspect_weights

#: Heads that follow from the shapes: a published backbone width, the released decoder's width.
PUBLISHED = Hmr2Config(embed_dim=384, depth=1, num_heads=12, decoder_depth=1, decoder_dim=64,
                       decoder_mlp_dim=32)  # fmt: skip


def test_fp32_survives_conversion_bit_by_bit(
    save_checkpoint, official_state, tmp_path, tiny_config
):
    source, target = save_checkpoint(), tmp_path / "small.safetensors"
    convert_weights(source, target, "fp32")
    with open_checkpoint(target) as weights:
        kept = {name for name in official_state
                if name != "initialized" and not name.startswith("discriminator.")}  # fmt: skip
        assert set(weights.tensors) == kept
        for name in kept:
            assert torch.equal(weights.read(name), official_state[name]), name
    images = torch.randn(2, 3, 256, 256)
    before, after = load_checkpoint(source, tiny_config), load_checkpoint(target, tiny_config)
    for old, new in zip(before(images), after(images), strict=True):
        assert torch.equal(old, new)
    assert after.body.model.num_vertices == before.body.model.num_vertices


@pytest.mark.parametrize(("precision", "digits"), [("fp16", 11), ("bf16", 8)])
def test_a_lower_precision_is_the_nearest_of_it(
    save_checkpoint, official_state, tmp_path, tiny_config, precision, digits
):
    target = tmp_path / "small.safetensors"
    convert_weights(save_checkpoint(), target, precision)
    model = load_checkpoint(target, tiny_config)
    matrix, original = model.backbone.blocks[0].mlp.fc1.weight, "backbone.blocks.0.mlp.fc1.weight"
    assert matrix.dtype == torch.float32
    difference = (matrix - official_state[original]).abs()
    assert difference.max() > 0
    assert (difference <= official_state[original].abs() * 2.0**-digits + 1e-7).all()
    assert torch.equal(model.head.pose.weight, official_state["smpl_head.decpose.weight"])


def test_the_configuration_is_read_from_shapes_and_kept(tmp_path):
    model = Hmr2(PUBLISHED)
    state = {official_name(name): value for name, value in model.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "model.ckpt")
    assert load_checkpoint(tmp_path / "model.ckpt").config == PUBLISHED
    convert_weights(tmp_path / "model.ckpt", tmp_path / "model.safetensors")
    assert load_checkpoint(tmp_path / "model.safetensors").config == PUBLISHED
    with open_checkpoint(tmp_path / "model.safetensors") as weights:
        assert weights.metadata["source"] == "model.ckpt"
        assert weights.metadata["humans4d_format"] == "1"
        assert weights.metadata["precision"] == "fp16"
        assert "non-commercial" in weights.metadata["licence"]


def test_an_incomplete_or_damaged_source_leaves_no_file(save_checkpoint, official_state, tmp_path):
    target = tmp_path / "small.safetensors"
    with pytest.raises(ModelFileError, match="lacks 1 of"):
        convert_weights(save_checkpoint({"smpl_head.init_cam": None}), target)
    name = "backbone.blocks.1.mlp.fc2.weight"
    damaged = official_state[name].clone()
    damaged[0, 0] = float("nan")
    with pytest.raises(ModelFileError, match="NaN"):
        convert_weights(save_checkpoint({name: damaged}), target)
    with pytest.raises(ModelFileError, match="beyond the range of float16"):
        convert_weights(save_checkpoint({name: official_state[name] * 1e9}), target)
    assert [path.name for path in tmp_path.iterdir()] == ["model.ckpt"]


@pytest.mark.parametrize(
    "target, precision, message",
    [
        ("small.ckpt", "fp16", "does not end in .safetensors"),
        ("nowhere/small.safetensors", "fp16", "nowhere is not a folder"),
        ("small.safetensors", "fp8", "precision fp8 is not known: fp16, bf16, fp32"),
    ],
)
def test_a_target_that_cannot_be_is_one_sentence(
    save_checkpoint, tmp_path, target, precision, message
):
    with pytest.raises(Humans4dError, match=message):
        convert_weights(save_checkpoint(), tmp_path / target, precision)


def test_an_existing_file_is_not_overwritten(save_checkpoint):
    path = save_checkpoint(name="model.safetensors")
    before = path.read_bytes()
    with pytest.raises(Humans4dError, match="exists already"):
        convert_weights(path, path)
    assert path.read_bytes() == before


def test_the_format_is_the_one_of_the_safetensors_package(
    save_checkpoint, official_state, tmp_path
):
    safetensors = pytest.importorskip("safetensors.torch", reason="needs safetensors")
    target = tmp_path / "ours.safetensors"
    convert_weights(save_checkpoint(), target, "fp32")
    theirs = safetensors.load_file(target)
    assert all(torch.equal(tensor, official_state[name]) for name, tensor in theirs.items())
    safetensors.save_file(theirs, tmp_path / "theirs.safetensors")
    with open_checkpoint(tmp_path / "theirs.safetensors") as weights:
        assert set(weights.tensors) == set(theirs)
        assert all(torch.equal(weights.read(name), tensor) for name, tensor in theirs.items())


def test_a_report_counts_each_part(save_checkpoint, official_state):
    report = inspect_weights(save_checkpoint())
    numbers = sum(t.numel() for name, t in official_state.items() if name.startswith("backbone."))
    assert report.counts["backbone"] == numbers
    assert report.counts["discriminator"] == 32
    assert report.precisions["body"] == "fp32 and int64"
    assert report.body == "30 vertices, 44 joints"
    assert report.problem is None and not report.heads_known


def test_the_command_tells_what_is_inside(humans4d, save_checkpoint):
    code, output, _ = humans4d("weights", "inspect", save_checkpoint())
    assert code == 0
    lines = dict(line.split(None, 1) for line in output.splitlines())
    assert lines["epoch"] == "35"
    assert "embed_dim 64, depth 2, num_heads unknown" in lines["network"]
    assert "non-commercial" in lines["licence"]
    assert lines["complete"].startswith("yes, but it does not say its numbers of heads")


def test_the_command_tells_what_is_missing(humans4d, save_checkpoint):
    for name in ("smpl_head.init_cam", "smpl.parents"):
        code, output, _ = humans4d("weights", "inspect", save_checkpoint({name: None}))
        assert code == 1
        label, answer, reason = output.splitlines()[-1].split(None, 2)
        assert (label, answer) == ("complete", "no:")
        assert "lacks 1" in reason and f"({name})" in reason


def test_the_command_converts(humans4d, save_checkpoint, tmp_path):
    target = tmp_path / "small.safetensors"
    code, output, _ = humans4d("weights", "convert", save_checkpoint(), target, "--dtype", "bf16")
    assert code == 0 and str(target) in output
    assert inspect_weights(target).precisions["backbone"] == "bf16 and fp32"


def test_a_users_mistake_is_one_sentence(humans4d, tmp_path):
    for command in (["inspect"], ["convert", tmp_path / "missing.ckpt"]):
        code, _, errors = humans4d("weights", *command, tmp_path / "missing.ckpt")
        assert code == 2 and len(errors.splitlines()) == 1

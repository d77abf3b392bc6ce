import copy
import re

import numpy as np
import onnxruntime as ort
import pytest
import torch
from typer.testing import CliRunner

from humans4d_core.cli.main import app
from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.engines.rotation_deviation import sample_crops_like_images
from humans4d_core.recovery.hmr2 import load_checkpoint
from humans4d_core.recovery.hmr2 import onnx_export as export
from humans4d_core.recovery.hmr2.engines import tensorrt_engine as tensorrt
from humans4d_core.recovery.hmr2.onnx_export import difference_from_torch, export_onnx

runner = CliRunner()
needs_exporter = pytest.mark.skipif(
    export.packages_missing() is not None, reason="needs onnx and onnxscript"
)


@pytest.fixture(scope="module")
def exported(tiny_model, tmp_path_factory):
    pytest.importorskip("onnxscript")
    path = tmp_path_factory.mktemp("export") / "hmr2.onnx"
    return path, export_onnx(tiny_model, path)


def test_the_file_computes_what_torch_computes(exported, tiny_model):
    path, difference = exported
    assert difference < 1e-4
    session = ort.InferenceSession(path)
    for count in (1, 2, 5):
        crops = sample_crops_like_images(count, seed=9)
        outputs = session.run(None, {"crops": crops.numpy()})
        for output, expected in zip(outputs, tiny_model(crops), strict=True):
            np.testing.assert_allclose(output, expected.numpy(), atol=1e-4)


def test_inputs_and_outputs_are_named_and_the_number_of_people_is_free(exported):
    session = ort.InferenceSession(exported[0])
    assert [(i.name, i.shape) for i in session.get_inputs()] == [("crops", ["people", 3, 256, 256])]
    assert [output.name for output in session.get_outputs()] == [
        "global_orient", "body_pose", "betas", "camera"
    ]  # fmt: skip
    assert {output.shape[0] for output in session.get_outputs()} == {"people"}


def test_nothing_but_the_file_and_its_data_is_left(exported):
    assert {file.name for file in exported[0].parent.iterdir()} <= {"hmr2.onnx", "hmr2.onnx.data"}


@needs_exporter
def test_fp16_is_half_as_large_and_near(tiny_model, tmp_path):
    path = tmp_path / "hmr2.onnx"
    assert 1e-6 < export_onnx(tiny_model, path, "fp16") < 1e-2
    session = ort.InferenceSession(path)
    assert {output.type for output in session.get_outputs()} == {"tensor(float)"}


def test_a_file_of_other_weights_is_found_out(exported, tiny_model):
    other = copy.deepcopy(tiny_model)
    other.backbone.blocks[0].mlp.fc2.weight += 0.3 * torch.randn(64, 256)
    assert difference_from_torch(other, exported[0]) > 1e-3


@needs_exporter
def test_a_file_that_fails_the_check_is_not_left(tiny_model, tmp_path, monkeypatch):
    path = tmp_path / "hmr2.onnx"
    path.write_bytes(b"what was there before")
    monkeypatch.setattr(export, "difference_from_torch", lambda model, path: float("nan"))
    with pytest.raises(Humans4dError, match="differs from torch's by nan"):
        export_onnx(tiny_model, path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"what was there before"]


def test_missing_packages_are_named(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_PACKAGES", ("onnx_that_nobody_has",))
    with pytest.raises(Humans4dError, match=r"onnx_that_nobody_has: pip install '\.\[export"):
        export_onnx(tiny_model, tmp_path / "hmr2.onnx")


def test_a_missing_folder_is_said(tiny_model, tmp_path):
    with pytest.raises(Humans4dError, match="is not a folder"):
        export_onnx(tiny_model, tmp_path / "nowhere" / "hmr2.onnx")


@needs_exporter
def test_the_command_exports_a_checkpoint(parity_folder, tiny_config, tmp_path, monkeypatch):
    def load(path):
        return load_checkpoint(path, tiny_config)

    # The tiny file does not tell its heads; the released one does.
    monkeypatch.setattr("humans4d_core.recovery.hmr2.load_checkpoint", load)
    path = tmp_path / "tiny.onnx"
    source = str(parity_folder / "tiny_hmr2")
    result = runner.invoke(app, ["export", "--checkpoint", source, "-o", str(path)])
    assert result.exit_code == 0, result.output
    assert "differs from PyTorch by at most" in result.output
    assert ort.InferenceSession(path).get_inputs()[0].name == "crops"


@needs_exporter
def test_without_a_file_it_is_written_where_tensorrt_looks(tiny_hmr2, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = runner.invoke(app, ["export", "--checkpoint", str(tiny_hmr2)])
    assert result.exit_code == 0, result.output
    path = tensorrt.exported_path(load_checkpoint(tiny_hmr2))
    assert path.is_file() and str(path) in result.output


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--precision", "fp16"], r"name a file \(-o\) for fp16"),
        (["-o", "hmr2.engine"], "does not end in .onnx"),
        (["-o", "hmr2.onnx", "--checkpoint", "nowhere.ckpt"], "nowhere.ckpt does not exist"),
    ],
)
def test_a_users_mistake_is_one_sentence(arguments, message):
    result = runner.invoke(app, ["export", *arguments])
    assert isinstance(result.exception, Humans4dError)
    assert re.search(message, str(result.exception))

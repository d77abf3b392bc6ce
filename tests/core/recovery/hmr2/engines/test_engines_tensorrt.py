"""TensorRT is not here: its options, its refusals, and all of its way but the engine itself."""

import copy
import importlib.util

import onnxruntime as ort
import pytest
import torch

from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.engines import choose_engine
from humans4d_core.recovery.hmr2.engines import tensorrt_engine as tensorrt

CPU_PROVIDER = "CPUExecutionProvider"
without_tensorrt = pytest.mark.skipif(tensorrt.is_available(), reason="TensorRT is here")
needs_exporter = pytest.mark.skipif(
    importlib.util.find_spec("onnxscript") is None, reason="needs onnxscript"
)


@without_tensorrt
def test_an_onnxruntime_without_tensorrt_is_said(tiny_model, tmp_path):
    with pytest.raises(Humans4dError, match="no TensorRT"):
        tensorrt.tensorrt_engine(tmp_path / "network.onnx", None)
    with pytest.raises(Humans4dError, match="no TensorRT"):
        tensorrt.engine_of_model(tiny_model)


def test_it_can_be_asked_for_by_name_on_a_gpu_only(tiny_model):
    with pytest.raises(Humans4dError, match="tensorrt does not run on cpu"):
        choose_engine(tiny_model, "cpu", "tensorrt")


@pytest.fixture
def claims_tensorrt(monkeypatch):
    """onnxruntime-gpu lists the provider also where TensorRT itself is missing."""
    monkeypatch.setattr(tensorrt, "is_available", lambda: True)


def test_shapes_precision_and_folder_are_told(claims_tensorrt, tmp_path, monkeypatch):
    seen = {}

    def session(path, providers, enable_fallback):
        seen["path"], [(_, seen["options"]), (seen["second"], _)] = path, providers
        assert not enable_fallback
        raise RuntimeError("no such engine\nat line 3")

    monkeypatch.setattr(ort, "InferenceSession", session)
    path = tmp_path / "network.onnx"
    with pytest.raises(ModelFileError, match="does not exist"):
        tensorrt.tensorrt_engine(path, None, device="cpu")
    path.write_bytes(b"onnx")
    with pytest.raises(ModelFileError, match="TensorRT refuses .*: no such engine$"):
        tensorrt.tensorrt_engine(path, None, "fp16", "cpu")
    assert seen["second"] == "CUDAExecutionProvider"
    assert seen["options"]["trt_profile_max_shapes"] == "crops:16x3x256x256"
    assert seen["options"]["trt_engine_cache_path"].startswith(str(tmp_path))


@pytest.mark.parametrize("precision, fp16", [("fp16", "True"), ("fp32", "False")])
def test_switches_are_spelled_as_onnxruntime_takes_them(tmp_path, precision, fp16):
    """It refuses "1" and "0"."""
    options = tensorrt.provider_options(precision, tmp_path, torch.device("cuda:1"))
    assert options["trt_fp16_enable"] == fp16
    assert {value for key, value in options.items() if key.endswith("_enable")} <= {"True", "False"}
    assert options["device_id"] == "1"


@pytest.fixture(scope="module")
def written(tiny_model, tmp_path_factory):
    if importlib.util.find_spec("onnxscript") is None:
        pytest.skip("needs onnxscript")
    path = tmp_path_factory.mktemp("onnx") / "network.onnx"
    tensorrt.export_onnx(tiny_model, path)
    return path


@without_tensorrt
def test_libraries_that_do_not_load_are_said_and_the_cpu_does_not_step_in(claims_tensorrt, written):
    with (
        pytest.warns(UserWarning, match="not in available provider names"),
        pytest.raises(Humans4dError, match="cannot load TensorRT's libraries"),
    ):
        tensorrt.tensorrt_engine(written, None, device="cpu")


@needs_exporter
def test_a_model_is_exported_once_and_runs(claims_tensorrt, tiny_model, tmp_path, monkeypatch):
    """The way of TensorRT, with onnxruntime's own provider in its place."""
    monkeypatch.setattr(tensorrt, "PROVIDER", CPU_PROVIDER)
    monkeypatch.setattr(tensorrt, "_CUDA_PROVIDER", CPU_PROVIDER)
    monkeypatch.setattr(tensorrt, "provider_options", lambda *_: {"device_id": "0"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    crops = sample_crops_like_images(2)
    engine = tensorrt.engine_of_model(tiny_model, device="cpu")
    assert rotation_deviation(engine.run(crops), tiny_model(crops)).mean() < 1e-3
    (path,) = tmp_path.rglob("network.onnx")
    written_at = path.stat().st_mtime_ns
    tensorrt.engine_of_model(tiny_model, device="cpu")
    assert path.stat().st_mtime_ns == written_at
    other = copy.deepcopy(tiny_model)
    other.head.camera.bias += 1
    assert not tensorrt.exported_path(other).exists()

"""Which engine is chosen, and what is said of it."""

import sys
import weakref

import pytest
import torch

from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.engines import NetworkOutput
from humans4d_core.recovery.engines.rotation_deviation import rotation_deviation
from humans4d_core.recovery.hmr2 import load_checkpoint
from humans4d_core.recovery.hmr2.engines import choose_engine
from humans4d_core.recovery.hmr2.engines import engine_choice as choose
from humans4d_core.recovery.hmr2.engines.torch_cpu import ProductSpeeds, TorchCpuEngine
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction

AMD = ProductSpeeds(plain=2.0, onednn=1.0, bf16=0.5)
NO_BF16 = ProductSpeeds(plain=1.0, onednn=float("inf"), bf16=3.0)


@pytest.mark.parametrize("has_openvino", [True, False])
def test_auto_takes_bf16_where_it_is_faster(has_openvino, tiny_model, monkeypatch):
    if has_openvino:
        pytest.importorskip("openvino")
    monkeypatch.setattr(choose.openvino, "is_installed", lambda: has_openvino)
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.name == ("openvino" if has_openvino else "torch")
    assert choice.engine.precision == "bf16"
    assert "degrees of fp32" in choice.reason


def test_auto_takes_fp32_where_bf16_is_slower(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: NO_BF16)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "bf16 is not faster" in choice.reason


def test_auto_leaves_out_what_deviates_too_much(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 0.7)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "bf16 was left out, it is off by 0.7 degrees" in choice.reason


def test_auto_leaves_out_what_overflows(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: float("nan"))
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "no finite rotations" in choice.reason


def test_without_openvino_torch_takes_over_and_says_so(tiny_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(choose.openvino, "is_installed", lambda: False)
    monkeypatch.setattr(choose, "product_speeds", lambda: NO_BF16)
    choice = choose_engine(tiny_model, "cpu")
    assert (choice.engine.name, choice.engine.precision) == ("torch", "fp32")
    assert "pip install '.[openvino]'" in choice.reason
    with pytest.raises(Humans4dError, match="OpenVINO is not installed"):
        choose_engine(tiny_model, "cpu", "openvino")


def test_what_is_named_is_taken_and_its_deviation_said(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 3.0)
    choice = choose_engine(tiny_model, "cpu", "torch", "bf16")
    assert choice.engine.precision == "bf16"
    assert "within 3 degrees" in choice.reason


def test_where_nothing_is_close_enough_that_is_said(tiny_model, monkeypatch):
    monkeypatch.setitem(choose.PRECISIONS, ("torch", "cpu"), ("bf16",))
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 0.7)
    with pytest.raises(Humans4dError, match="close enough .* torch bf16 was left out"):
        choose_engine(tiny_model, "cpu", "torch")


def test_an_engine_that_was_left_out_is_gone_before_the_next(tiny_model, monkeypatch):
    """Two sets of weights at once may be more than a GPU holds."""
    alive = []

    class Counted(TorchCpuEngine):
        def __init__(self, *arguments):
            assert not [one for one in alive if one() is not None]
            super().__init__(*arguments)
            alive.append(weakref.ref(self))

    monkeypatch.setattr(choose, "TorchCpuEngine", Counted)
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 0.7)
    assert choose_engine(tiny_model, "cpu", "torch").engine.precision == "fp32"
    assert len(alive) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_said_and_not_replaced(tiny_model):
    with pytest.raises(Humans4dError, match="cuda was asked for, .* no GPU"):
        choose_engine(tiny_model, "cuda")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("tpu9",), "tpu9 is not a device"),
        (("meta",), "meta is not supported"),
        (("cpu", "tensorflow"), "engine 'tensorflow' is not known"),
        (("cpu", "torch", "fp8"), "precision 'fp8' is not known"),
        (("cpu", "torch", "int8"), "torch computes in int8 on cpu: take bf16, fp32"),
        (("cpu", "auto", "fp16"), "no engine computes in fp16 on cpu"),
        (("cpu", "openvino", "fp32", TokenReduction()), "cannot reduce tokens"),
    ],
)
def test_what_cannot_be_had_is_refused(tiny_model, arguments, message):
    with pytest.raises(Humans4dError, match=message):
        choose_engine(tiny_model, *arguments)


def test_token_reduction_is_taken_unjudged_and_said(tiny_model):
    choice = choose_engine(tiny_model, "cpu", precision="fp32", reduction=TokenReduction(1))
    assert "96 tokens after layer 1" in choice.reason
    assert "degrees of fp32" in choice.reason


@pytest.mark.parametrize("engine, precision", [("torch", "fp32"), ("torch", "bf16")])
def test_the_parity_checkpoint_runs_as_the_original(golden, parity_folder, tiny_config, engine,
                                                    precision):  # fmt: skip
    model = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)
    output, bodies = choose_engine(model, "cpu", engine, precision).engine.run_bodies(golden["img"])
    expected = NetworkOutput(golden["pred_global_orient"], golden["pred_body_pose"], None, None)
    assert rotation_deviation(output, expected).mean() < {"fp32": 2e-3, "bf16": 0.5}[precision]
    tolerance = {"fp32": 2e-5, "bf16": 2e-2}[precision]
    assert (
        bodies.vertices[:, golden["vertices"]] - golden["pred_vertices"]
    ).abs().max() < tolerance

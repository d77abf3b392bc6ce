"""Each engine beside the plain network."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.engines import NetworkOutput
from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.engines import torch_cuda
from humans4d_core.recovery.hmr2.engines.torch_cpu import (
    TorchCpuEngine,
    onednn_products,
    product_speeds,
)
from humans4d_core.recovery.hmr2.engines.torch_cuda import TorchCudaEngine
from humans4d_core.recovery.hmr2.reduced_precision import (
    FastNetwork,
    FastPatches,
    PatchProducts,
    attention_by_products,
)
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction

HALF = {torch.bfloat16, torch.float16}


@pytest.fixture(scope="module")
def crops():
    return sample_crops_like_images(3)


@pytest.fixture(scope="module")
def expected(tiny_model, crops):
    return tiny_model(crops)


def rounding(output: NetworkOutput, model, crops) -> float:
    """How far an output is from that of float64, relative to how far plain float32 is.

    How much rounding a network of random weights amplifies depends on the crops and the processor.
    """
    exact = NetworkOutput(*copy.deepcopy(model).double()(crops.double()))
    return largest_difference(output, exact) / largest_difference(model(crops), exact)


def largest_difference(output: NetworkOutput, expected: NetworkOutput) -> float:
    return max(
        ((a - b).abs().max() / b.abs().max()).item() for a, b in zip(output, expected, strict=True)
    )


@pytest.mark.parametrize("by_onednn", [False, True])
def test_torch_fp32_is_exact(tiny_model, crops, expected, by_onednn):
    engine = TorchCpuEngine(tiny_model, "fp32")
    if by_onednn and product_speeds().onednn == float("inf"):
        pytest.skip("oneDNN is not exact, or cannot be asked for, on this machine")
    engine.uses_onednn = by_onednn
    assert largest_difference(engine.run(crops), expected) < 1e-5


def test_onednn_is_asked_for_only_inside(tiny_model):
    matmul = getattr(torch.backends.mkldnn, "matmul", None)
    if not hasattr(matmul, "fp32_precision"):
        pytest.skip("this torch cannot be asked")
    before = matmul.fp32_precision
    with pytest.raises(KeyError), onednn_products():
        assert matmul.fp32_precision == "bf16"
        raise KeyError
    assert matmul.fp32_precision == before


@pytest.mark.parametrize("masked", [False, True])
def test_attention_by_products_is_attention(masked):
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 6, 8, generator=generator)
    mask = torch.randn(2, 1, 1, 6, generator=generator) if masked else None
    expected = F.scaled_dot_product_attention(q, k, v, mask)
    torch.testing.assert_close(attention_by_products(q, k, v, mask), expected)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_stays_near_and_gives_float32(tiny_model, crops, expected, precision):
    engine = TorchCudaEngine(tiny_model, precision, "cpu", use_graphs=False)
    output = engine.run(crops)
    assert {value.dtype for value in output} == {torch.float32}
    assert 0 < rotation_deviation(output, expected).mean() < 0.5


def test_only_the_backbones_matrices_are_rounded(tiny_model):
    network = FastNetwork(tiny_model, torch.bfloat16)
    rounded = {name for name, value in network.state_dict().items() if value.dtype in HALF}
    assert rounded == {
        f"blocks.{block}.{matrix}.{part}"
        for block in range(len(tiny_model.backbone.blocks))
        for matrix in ("qkv", "proj", "fc1", "fc2")
        for part in ("weight", "bias")
    }


def test_float32_weights_are_not_copied(tiny_model):
    network = FastNetwork(tiny_model)
    original = tiny_model.backbone.blocks[0].attn.qkv.weight
    assert network.blocks[0].qkv.weight.data_ptr() == original.data_ptr()


def test_a_half_precision_checkpoint_runs_in_float32(tiny_model, crops, expected):
    model = copy.deepcopy(tiny_model)
    model.backbone.to(torch.float16)
    output = TorchCpuEngine(model, "fp32").run(crops)
    assert rotation_deviation(output, expected).mean() < 0.5


class ReplayedStep:
    """A recorded step whose replay computes again: fixed buffers, as a CUDA graph has them."""

    recorded: list[tuple[int, bool]] = []
    memory = 16
    forbidden = False

    def __init__(self, step, size, with_bodies, scratch):
        if self.forbidden:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        if size > self.memory:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        self.recorded.append((size, with_bodies))
        self.step, self.with_bodies = step, with_bodies
        self.images = torch.zeros(size, 3, 256, 256)
        self.outputs = step(self.images, with_bodies)

    def replay(self):
        output, _ = self.step(self.images, self.with_bodies)
        for old, new in zip(self.outputs[0], output, strict=True):
            old.copy_(new)

    __call__ = torch_cuda.RecordedStep.__call__


class NoScratch:
    def __init__(self, device):
        pass

    def wait(self):
        pass


@pytest.fixture
def graphs(monkeypatch):
    monkeypatch.setattr(ReplayedStep, "recorded", [])
    monkeypatch.setattr(torch_cuda, "RecordedStep", ReplayedStep)
    monkeypatch.setattr(torch_cuda, "Scratch", NoScratch)
    return ReplayedStep


def test_graphs_are_recorded_once_a_size_and_filled_up(tiny_model, crops, expected, graphs):
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    first = engine.run(crops)
    second = engine.run(crops[:2])
    third = engine.run(crops[[2, 1, 0]])
    assert graphs.recorded == [(4, False), (2, False)]
    assert largest_difference(first, expected) < 1e-5, "a later replay wrote over it"
    assert largest_difference(second, NetworkOutput(*(value[:2] for value in expected))) < 1e-5
    assert largest_difference(third, NetworkOutput(*(value.flip(0) for value in expected))) < 1e-5


def test_more_people_than_the_largest_graph_are_split(tiny_model, graphs):
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    crops = sample_crops_like_images(19)
    assert rounding(engine.run(crops), tiny_model, crops) < 5
    assert graphs.recorded == [(16, False), (4, False)]


def test_graphs_that_do_not_fit_are_replaced_by_smaller_ones(tiny_model, graphs, monkeypatch):
    monkeypatch.setattr(graphs, "memory", 5)
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    crops = sample_crops_like_images(13)
    assert rounding(engine.run(crops), tiny_model, crops) < 5
    assert {size for size, _ in graphs.recorded} <= {1, 2, 3, 4}
    assert engine.max_batch <= 5


def test_warming_up_records_what_frames_need(tiny_model, graphs):
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    engine.warm_up()
    assert graphs.recorded == [(size, True) for size in (16, 8, 4, 2, 1)]
    engine.run_bodies(sample_crops_like_images(3))
    assert len(graphs.recorded) == 5


def test_warming_up_finds_out_what_fits(tiny_model, graphs, monkeypatch):
    monkeypatch.setattr(graphs, "memory", 4)
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    engine.warm_up()
    assert engine.max_batch == 4
    assert graphs.recorded == [(size, True) for size in (4, 2, 1)]


def test_where_graphs_are_forbidden_kernels_are_launched_and_it_is_said(
    tiny_model, crops, expected, graphs, monkeypatch, caplog
):
    monkeypatch.setattr(graphs, "forbidden", True)
    engine = TorchCudaEngine(tiny_model, "fp32", "cpu")
    for _ in range(2):
        assert largest_difference(engine.run(crops), expected) < 1e-5
    (record,) = caplog.records
    assert "recorded (operation not permitted when stream is capturing):" in record.message


def test_patches_as_products_are_the_convolution(tiny_model, crops):
    projection = tiny_model.backbone.patch_embed.proj
    images = crops[..., 32:-32]
    torch.testing.assert_close(
        PatchProducts(projection)(images), FastPatches(projection)(images), atol=1e-4, rtol=0
    )


class Operations(TorchDispatchMode):
    """Notes each operation, and the devices that copies go to."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()
        self.moves: list[object] = []

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = options or {}
        self.names.add(function.overloadpacket.__name__)
        if function.overloadpacket.__name__ == "_to_copy" and options.get("device") is not None:
            self.moves.append(options["device"])
        indices = arguments[1] if function.overloadpacket.__name__ == "index" else ()
        self.names |= {
            "index by a mask" for i in indices if i is not None and i.dtype == torch.bool
        }
        return function(*arguments, **options)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("reduction", [None, TokenReduction(1, 100)])
def test_a_step_does_nothing_that_a_cuda_graph_forbids(
    model_with_body, crops, precision, reduction
):
    """No number is read on the host, and nothing on the host is made into a tensor."""
    engine = TorchCudaEngine(model_with_body, precision, "cpu", reduction, use_graphs=False)
    with torch.no_grad(), Operations() as operations:
        engine._step(crops, True)
    waits = {"_local_scalar_dense", "nonzero", "unique", "masked_select", "index by a mask"}
    from_host = {"lift_fresh", "lift_fresh_copy", "scalar_tensor", "from_file"}
    assert {"gelu", "addmm", "addcmul"} <= operations.names, "it has seen network and body"
    assert not operations.names & (waits | from_host)
    assert not operations.moves


def test_weights_that_the_gpu_cannot_hold_are_one_sentence(tiny_model, monkeypatch):
    def full(self, device):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(FastNetwork, "to", full)
    with pytest.raises(Humans4dError, match="weights in fp16"):
        TorchCudaEngine(tiny_model, "fp16", "cpu", use_graphs=False)


def test_openvino_fp32_is_exact_for_any_number_of_people(tiny_model, crops, expected):
    pytest.importorskip("openvino")
    from humans4d_core.recovery.hmr2.engines.openvino_engine import OpenVinoEngine

    engine = OpenVinoEngine(tiny_model)
    assert largest_difference(engine.run(crops), expected) < 1e-5
    one = NetworkOutput(*(value[1:2] for value in expected))
    assert largest_difference(engine.run(crops[1:2]), one) < 1e-5


def test_openvino_reports_to_nobody(tiny_model, monkeypatch):
    pytest.importorskip("openvino")
    telemetry = pytest.importorskip("openvino_telemetry").Telemetry
    from humans4d_core.recovery.hmr2.engines.openvino_engine import OpenVinoEngine

    def report(*arguments, **options):
        raise AssertionError("OpenVINO wants to send what it is used for")

    monkeypatch.setattr(telemetry, "init", report)
    monkeypatch.setattr(telemetry, "send_event", report)
    OpenVinoEngine(tiny_model)


@pytest.mark.parametrize("precision, degrees", [("fp32", 1e-3), ("int8", 5.0)])
def test_onnxruntime_runs_the_network(tiny_model, crops, expected, precision, degrees):
    pytest.importorskip("onnxscript")
    from humans4d_core.recovery.hmr2.engines.onnx_engine import onnx_cpu_engine

    engine = onnx_cpu_engine(tiny_model, precision)
    deviation = rotation_deviation(engine.run(crops), expected).mean()
    assert deviation < degrees
    assert (deviation > 1e-2) == (precision == "int8"), "8 bits must show"
    assert engine.run(crops[:1]).camera.shape == (1, 3)


def test_sample_crops_differ_like_images_do():
    crops = sample_crops_like_images(4)
    assert crops.std().item() == pytest.approx(1)
    assert np.array_equal(crops, sample_crops_like_images(4))
    assert (crops - crops.mean(0)).std() > 0.7

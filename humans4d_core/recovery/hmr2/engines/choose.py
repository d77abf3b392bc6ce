"""The engine for this machine, and in words why it was chosen."""

from __future__ import annotations

from typing import NamedTuple

import torch

from ....errors import Humans4dError
from ..model import Hmr2
from ..token_reduction import TokenReduction
from . import openvino
from .base import Engine
from .deviation import MAX_MEAN_DEGREES, rotation_deviation, sample_crops_like_images
from .network import FastNetwork
from .torch_cpu import TorchCpuEngine, product_speeds
from .torch_cuda import TorchCudaEngine

#: Precisions by engine and type of device, in the order in which "auto" tries them.
PRECISIONS = {
    ("torch", "cpu"): ("bf16", "fp32"),
    ("torch", "cuda"): ("fp16", "bf16", "fp32"),
    ("openvino", "cpu"): ("bf16", "fp32"),
    ("onnxruntime", "cpu"): ("fp32", "int8"),
}
ENGINE_NAMES = ("auto", *dict.fromkeys(name for name, _ in PRECISIONS))
PRECISION_NAMES = ("auto", "fp32", "bf16", "fp16", "int8")

# bfloat16 must save this much of the time of float32 to be worth its error.
_WORTHWHILE_GAIN = 1.3
# Tensor cores for float16 since Volta; older GPUs run it slowly or not at all.
_TENSOR_CORES = (7, 0)
_BFLOAT16_CORES = (8, 0)
_SAMPLES = 2


class EngineChoice(NamedTuple):
    engine: Engine
    reason: str  #: for the log: what runs, why, and how far its rotations are from exact


def choose_engine(
    model: Hmr2,
    device: str | torch.device | None = None,
    engine: str = "auto",
    precision: str = "auto",
    reduction: TokenReduction | None = None,
) -> EngineChoice:
    """The fastest engine whose rotations stay within half a degree of the plain network's.

    device: None takes a GPU if there is one. engine, precision: of ENGINE_NAMES and
    PRECISION_NAMES; what is named is taken, only "auto" is judged. reduction: merge tokens, off
    unless asked for, and then not judged; PyTorch only. The engine keeps what it needs of `model`,
    which may be dropped.
    Raises Humans4dError for a device, engine or package that is not there.
    """
    device = _device(device)
    if reduction is not None and engine == "auto":
        engine = "torch"
    if reduction is not None and engine != "torch":
        raise Humans4dError(f"engine {engine} cannot reduce tokens: take torch")
    _check_names(engine, precision, device)
    tried = []
    if device.type == "cpu" and engine == "auto" and not openvino.is_installed():
        tried.append("OpenVINO would be faster: pip install 'humans4d[openvino]'")
    for name, wanted in _candidates(engine, precision, device, tried):
        candidate = _create(model, name, wanted, device, reduction)
        is_exact = wanted == "fp32" and reduction is None
        mean = 0.0 if is_exact else _mean_deviation(candidate, model)
        if precision == "auto" and reduction is None and not mean <= MAX_MEAN_DEGREES:
            found = f"{mean:.2g} degrees" if mean == mean else "no finite rotations"
            tried.append(f"{name} {wanted} was left out, it is off by {found}")
            continue
        words = f"{_device_name(device)}: {name} {wanted}"
        if reduction is not None:
            words += f", {reduction.kept} tokens after layer {reduction.after_layer}"
        if not is_exact:
            words += f", rotations within {mean:.2g} degrees of fp32 on average"
        return EngineChoice(candidate, "; ".join((words, *tried)))
    raise AssertionError("fp32 is always a candidate of precision auto")


def _device(device: str | torch.device | None) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if device is None:
        return torch.device("cuda" if has_gpu else "cpu")
    try:
        device = torch.device(device)
    except RuntimeError:
        raise Humans4dError(f"{device} is not a device: take cpu, cuda or cuda:1") from None
    if device.type not in ("cpu", "cuda"):
        raise Humans4dError(f"device {device} is not supported: take cpu, cuda or cuda:1")
    if device.type == "cuda":
        if not has_gpu:
            raise Humans4dError(
                f"device {device} was asked for, but this PyTorch finds no GPU: check the driver "
                "and that torch is a CUDA build, or take --device cpu"
            )
        if (device.index or 0) >= torch.cuda.device_count():
            raise Humans4dError(
                f"device {device} was asked for, but there are {torch.cuda.device_count()} GPUs"
            )
    return device


def _check_names(engine: str, precision: str, device: torch.device) -> None:
    for kind, name, names in (
        ("engine", engine, ENGINE_NAMES), ("precision", precision, PRECISION_NAMES)
    ):  # fmt: skip
        if name not in names:
            raise Humans4dError(f"{kind} {name} is not known: {', '.join(names)}")
    if engine == "auto":
        possible = sum((some for (_, on), some in PRECISIONS.items() if on == device.type), ())
    else:
        possible = PRECISIONS.get((engine, device.type), ())
    if not possible:
        raise Humans4dError(f"engine {engine} does not run on {device.type}: take torch")
    if precision != "auto" and precision not in possible:
        raise Humans4dError(
            f"{engine if engine != 'auto' else 'no engine'} computes in {precision} on "
            f"{device.type}: take {', '.join(dict.fromkeys(possible))}"
        )


def _candidates(
    engine: str, precision: str, device: torch.device, notes: list[str]
) -> list[tuple[str, str]]:
    """(engine, precision), the best first; adds to `notes` what would be better but is not here."""
    if engine != "auto":
        precisions = PRECISIONS[engine, device.type] if precision == "auto" else (precision,)
        pairs = [(engine, each) for each in precisions]
    elif device.type == "cuda":
        pairs = [("torch", each) for each in PRECISIONS["torch", "cuda"]]
    else:
        best = "openvino" if openvino.is_installed() else "torch"
        pairs = [(best, "bf16"), (best, "fp32"), ("onnxruntime", "int8")]
    if precision != "auto":
        return [pair for pair in pairs if pair[1] == precision]
    return [pair for pair in pairs if _is_worthwhile(pair, device, notes)]


def _is_worthwhile(pair: tuple[str, str], device: torch.device, notes: list[str]) -> bool:
    """Whether "auto" may take it on this machine."""
    precision = pair[1]
    if precision == "int8":
        return False  # never within the bound on the weights that it was measured with
    if precision == "bf16" and device.type == "cpu":
        if product_speeds().bf16_gain >= _WORTHWHILE_GAIN:
            return True
        notes.append("bf16 is not faster on this processor")
        return False
    if precision == "fp32":
        return True
    needed = _TENSOR_CORES if precision == "fp16" else _BFLOAT16_CORES
    return device.type != "cuda" or torch.cuda.get_device_capability(device) >= needed


def _create(
    model: Hmr2,
    name: str,
    precision: str,
    device: torch.device,
    reduction: TokenReduction | None,
) -> Engine:
    if name == "openvino":
        return openvino.OpenVinoEngine(model, precision)
    if name == "onnxruntime":
        from .onnx import onnx_cpu_engine  # imports the exporter

        return onnx_cpu_engine(model, precision)
    if device.type == "cuda":
        return TorchCudaEngine(model, precision, device, reduction)
    return TorchCpuEngine(model, precision, reduction)


@torch.no_grad()
def _mean_deviation(engine: Engine, model: Hmr2) -> float:
    """Degrees between the rotations of the engine and of the network in float32."""
    crops = sample_crops_like_images(_SAMPLES)
    reference = FastNetwork(model)
    expected = reference(crops.to(reference.position.device))
    return rotation_deviation(engine.run(crops), expected).mean().item()


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"

"""The engine for this machine, and in words why it was chosen."""

from __future__ import annotations

import gc
from typing import NamedTuple

import torch

from ....errors import Humans4dError
from ...engines.device import available_device
from ...engines.engine import Engine
from ...engines.rotation_deviation import (
    MAX_MEAN_DEGREES,
    rotation_deviation,
    sample_crops_like_images,
)
from ..hmr2_model import Hmr2
from ..reduced_precision import FastNetwork
from ..token_reduction import TokenReduction
from ..vit import NUM_TOKENS
from . import openvino_engine as openvino
from .torch_cpu import TorchCpuEngine, product_speeds
from .torch_cuda import TorchCudaEngine

#: Precisions by engine and type of device, in the order in which "auto" tries them.
PRECISIONS = {
    ("torch", "cpu"): ("bf16", "fp32"),
    ("torch", "cuda"): ("fp16", "bf16", "fp32"),
    ("openvino", "cpu"): ("bf16", "fp32"),
    ("onnxruntime", "cpu"): ("fp32", "int8"),
    ("tensorrt", "cuda"): ("fp16", "fp32"),
}
ENGINE_NAMES = ("auto", *dict.fromkeys(name for name, _ in PRECISIONS))
PRECISION_NAMES = ("auto", "fp32", "bf16", "fp16", "int8")

# bfloat16 must save this much of the time of float32 to be worth its error.
_WORTHWHILE_GAIN = 1.3
# Tensor cores for float16 since Volta; older GPUs run it slowly or not at all.
_TENSOR_CORES = (7, 0)
_BFLOAT16_CORES = (8, 0)
_SAMPLES = 2


class EngineRequest(NamedTuple):
    """What a user wants to run the network."""

    engine: str = "auto"  #: of ENGINE_NAMES
    precision: str = "auto"  #: of PRECISION_NAMES
    reduction: TokenReduction | None = None  #: None: all tokens are kept

    @classmethod
    def from_text(cls, text: str) -> EngineRequest:
        """ENGINE[:PRECISION[:TOKENS]], such as "auto", "openvino:bf16", "torch:fp16:96".

        TOKENS of the 192 are kept, the others merged. Raises Humans4dError for anything else.
        """
        engine, _, rest = text.partition(":")
        precision, _, tokens = rest.partition(":")
        precision = precision or "auto"
        _check_known(engine, precision)
        return cls(engine, precision, _reduction(text, tokens) if tokens else None)


class EngineChoice(NamedTuple):
    """The engine that runs, and why it does."""

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
    Raises Humans4dError for a device, engine or package that is not there, or where nothing is
    within that bound.
    """
    device = available_device(device)
    if reduction is not None and engine == "auto":
        engine = "torch"
    if reduction is not None and engine != "torch":
        raise Humans4dError(f"engine {engine} cannot reduce tokens: take torch")
    _check_known(engine, precision)
    _check_possible(engine, precision, device)
    tried = []
    if device.type == "cpu" and engine == "auto" and not openvino.is_installed():
        tried.append("OpenVINO would be faster: pip install '.[openvino]' in the checkout")
    for name, wanted in _candidates(engine, precision, device, tried):
        candidate = _create(model, name, wanted, device, reduction)
        # TensorRT rounds float32 to 10 bits in its products.
        is_exact = wanted == "fp32" and reduction is None and name != "tensorrt"
        mean = 0.0 if is_exact else _mean_deviation(candidate, model)
        if precision == "auto" and reduction is None and not mean <= MAX_MEAN_DEGREES:
            found = f"{mean:.2g} degrees" if mean == mean else "no finite rotations"
            tried.append(f"{name} {wanted} was left out, it is off by {found}")
            # Its weights have to be gone before the next one's come: it refers to itself.
            del candidate
            gc.collect()
            continue
        words = f"{_device_name(device)}: {name} {wanted}"
        if reduction is not None:
            words += f", {reduction.kept} tokens after layer {reduction.after_layer}"
        if not is_exact:
            words += f", rotations within {mean:.2g} degrees of fp32 on average"
        return EngineChoice(candidate, "; ".join((words, *tried)))
    raise Humans4dError(f"nothing was close enough to the network in float32: {'; '.join(tried)}")


def _check_known(engine: str, precision: str) -> None:
    for kind, name, names in (
        ("engine", engine, ENGINE_NAMES), ("precision", precision, PRECISION_NAMES)
    ):  # fmt: skip
        if name not in names:
            raise Humans4dError(f"{kind} '{name}' is not known: {', '.join(names)}")


def _reduction(text: str, tokens: str) -> TokenReduction:
    try:
        return TokenReduction(kept=int(tokens))
    except ValueError:
        raise Humans4dError(
            f"engine '{text}' is not ENGINE:PRECISION:TOKENS with {NUM_TOKENS // 2} to "
            f"{NUM_TOKENS - 1} tokens: write torch:fp16:{NUM_TOKENS // 2}, say"
        ) from None


def _check_possible(engine: str, precision: str, device: torch.device) -> None:
    if engine == "auto":
        possible = sum((some for (_, on), some in PRECISIONS.items() if on == device.type), ())
    else:
        possible = PRECISIONS.get((engine, device.type), ())
    if not possible:
        raise Humans4dError(
            f"engine {engine} does not run on {device.type}: take torch, or another device"
        )
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
        from .onnx_engine import onnx_cpu_engine  # imports the exporter

        return onnx_cpu_engine(model, precision)
    if name == "tensorrt":
        from .tensorrt_engine import engine_of_model  # imports the exporter

        return engine_of_model(model, precision, device)
    if device.type == "cuda":
        return TorchCudaEngine(model, precision, device, reduction)
    return TorchCpuEngine(model, precision, reduction)


@torch.no_grad()
def _mean_deviation(engine: Engine, model: Hmr2) -> float:
    """Degrees between the rotations of the engine and of the network in float32."""
    crops = sample_crops_like_images(_SAMPLES)
    reference = FastNetwork(model)
    expected = reference(crops.to(reference.position.device))
    # With bodies, as frames do it: what an engine prepares for this is used again.
    output, _ = engine.run_bodies(crops)
    return rotation_deviation(output, expected).mean().item()


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"

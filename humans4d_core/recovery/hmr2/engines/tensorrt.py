"""TensorRT, by way of onnxruntime's execution provider for it (on a Jetson: NVIDIA's build).

TensorRT builds its engine from the ONNX file once, which takes minutes, and keeps it in a folder:
it fits one GPU and one version of TensorRT, so it is built again where either is new.
"""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort
import torch

from ....body import BodyModel
from ....errors import Humans4dError, ModelFileError
from ..export import INPUT_NAME
from .onnx import OnnxEngine

PROVIDER = "TensorrtExecutionProvider"

_MAX_BATCH = 16
_TYPICAL_BATCH = 4


def is_available() -> bool:
    return PROVIDER in ort.get_available_providers()


def provider_options(precision: str, cache: Path, device: torch.device) -> dict[str, str]:
    """onnxruntime's options: one engine for 1 to 16 people, kept in `cache`."""
    people = {"min": 1, "opt": _TYPICAL_BATCH, "max": _MAX_BATCH}
    shapes = {
        f"trt_profile_{name}_shapes": f"{INPUT_NAME}:{count}x3x256x256"
        for name, count in people.items()
    }
    return {
        "device_id": str(device.index or 0),
        "trt_fp16_enable": str(int(precision == "fp16")),
        "trt_layer_norm_fp32_fallback": "1",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": "1",
        **shapes,
    }


def tensorrt_engine(
    path: Path,
    body: BodyModel | None,
    precision: str = "fp16",
    device: torch.device | str = "cuda",
) -> OnnxEngine:
    """The network of an ONNX file (float32, of `export_onnx`); the engine is kept beside it.

    Raises Humans4dError where onnxruntime has no TensorRT, ModelFileError where it refuses the
    file.
    """
    if not is_available():
        raise Humans4dError(
            "this onnxruntime has no TensorRT: install an onnxruntime-gpu and the TensorRT that it "
            "was built for, or take another engine"
        )
    if not path.is_file():
        raise ModelFileError(f"{path} does not exist: make it with humans4d export")
    device = torch.device(device)
    options = provider_options(precision, path.parent / f"{path.stem}-tensorrt", device)
    try:
        session = ort.InferenceSession(path, providers=[(PROVIDER, options)])
    except Exception as error:  # onnxruntime's exceptions share no base class but this
        reason = str(error).strip().splitlines()[0][:200]
        raise ModelFileError(f"TensorRT refuses {path}: {reason}") from error
    return OnnxEngine(session, precision, device, body, "tensorrt", _MAX_BATCH)

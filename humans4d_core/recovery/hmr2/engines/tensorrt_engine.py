"""TensorRT, by way of onnxruntime's execution provider for it (on a Jetson: NVIDIA's build).

TensorRT builds its engine from the ONNX file once, which takes minutes, and keeps it in a folder:
it fits one GPU and one version of TensorRT, so it is built again where either is new.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import onnxruntime as ort
import torch

from ....body.body_module import BodyModule
from ....errors import Humans4dError, ModelFileError
from ..hmr2_model import Hmr2
from ..onnx_export import INPUT_NAME, export_onnx
from .onnx_engine import OnnxEngine

PROVIDER = "TensorrtExecutionProvider"
_CUDA_PROVIDER = "CUDAExecutionProvider"

_MAX_BATCH = 16
_TYPICAL_BATCH = 4


def is_available() -> bool:
    """Whether this onnxruntime was built for TensorRT; its libraries may be missing still."""
    return PROVIDER in ort.get_available_providers()


def engine_of_model(
    model: Hmr2, precision: str = "fp16", device: torch.device | str = "cuda"
) -> OnnxEngine:
    """TensorRT with the model's weights, exported into the user's cache the first time.

    Raises Humans4dError where onnxruntime has no TensorRT, or ONNX cannot be written.
    """
    _check_available()
    path = exported_path(model)
    if not path.is_file():
        export_onnx(model, path)
    return tensorrt_engine(path, model.body, precision, device)


def tensorrt_engine(
    path: Path,
    body: BodyModule | None,
    precision: str = "fp16",
    device: torch.device | str = "cuda",
) -> OnnxEngine:
    """The network of an ONNX file (float32, of `export_onnx`); the engine is kept beside it.

    Raises Humans4dError where onnxruntime has no TensorRT, ModelFileError where it refuses the
    file.
    """
    _check_available()
    if not path.is_file():
        raise ModelFileError(f"{path} does not exist: make it with humans4d export")
    device = torch.device(device)
    options = provider_options(precision, path.parent / f"{path.stem}-tensorrt", device)
    # CUDA's own for what TensorRT leaves over; never the CPU in silence.
    providers = [(PROVIDER, options), (_CUDA_PROVIDER, {"device_id": options["device_id"]})]
    try:
        session = ort.InferenceSession(os.fspath(path), providers=providers, enable_fallback=False)
    except Exception as error:  # onnxruntime's exceptions share no base class but this
        reason = str(error).strip().splitlines()[0][:200]
        raise ModelFileError(f"TensorRT refuses {path}: {reason}") from error
    if PROVIDER not in session.get_providers():
        raise Humans4dError(
            "onnxruntime cannot load TensorRT's libraries: install the TensorRT that it was built "
            "for (its own message says what is missing), or take another engine"
        )
    return OnnxEngine(session, precision, device, body, "tensorrt", _MAX_BATCH)


def provider_options(precision: str, cache: Path, device: torch.device) -> dict[str, str]:
    """onnxruntime's options: one engine for 1 to 16 people, kept in `cache`."""
    people = {"min": 1, "opt": _TYPICAL_BATCH, "max": _MAX_BATCH}
    shapes = {
        f"trt_profile_{name}_shapes": f"{INPUT_NAME}:{count}x3x256x256"
        for name, count in people.items()
    }
    return {
        "device_id": str(device.index or 0),
        # "1" and "0" are refused for these.
        "trt_fp16_enable": str(precision == "fp16"),
        "trt_layer_norm_fp32_fallback": "True",
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": "True",
        **shapes,
    }


def exported_path(model: Hmr2) -> Path:
    """Where the exported network is kept, and its engine beside it: some GB. Makes the folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    cache = Path(base) if base else Path.home() / ".cache"
    folder = cache / "humans4d" / "tensorrt" / _fingerprint(model)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "network.onnx"


def _fingerprint(model: Hmr2) -> str:
    """Differs for other weights and other sizes."""
    digest = hashlib.sha256(repr(model.config).encode())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]


def _check_available() -> None:
    if not is_available():
        raise Humans4dError(
            "this onnxruntime has no TensorRT: install an onnxruntime-gpu and the TensorRT that it "
            "was built for, or take another engine"
        )

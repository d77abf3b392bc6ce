"""Opening an ONNX file, the embedded ones and the user's, with onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime as ort

from .embedded_models import ASSETS, check_embedded
from .errors import ModelFileError
from .shown_text import shown
from .untrusted_files import check_regular

#: The format's own bound: larger models keep their numbers in files beside them.
_MAX_BYTES = 2 << 30

#: Execution providers, fastest first. TensorRT is left to who asks for it: it spends minutes on
#: building an engine for every new input size.
PREFERRED_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")

_ERRORS_ONLY = 3

# Also where somebody has loaded onnxruntime before this package could tell it (__init__.py).
ort.disable_telemetry_events()


def open_session(
    model: str | Path,
    threads: int | None = None,
    providers: tuple[str, ...] = PREFERRED_PROVIDERS,
) -> ort.InferenceSession:
    """Session of an embedded model, given its file name (str), or of the user's file (Path).

    threads: CPU threads of one run, None lets onnxruntime take every core. providers: the
    execution providers to try in order; those that this onnxruntime lacks are passed over.
    Raises ModelFileError if the file is missing, or is not an ONNX model that onnxruntime opens.
    """
    # A name never means the working directory: a file there must not replace an embedded one.
    path = model if isinstance(model, Path) else ASSETS / model
    if not path.exists():
        raise ModelFileError(f"model file {path} does not exist: check the path, or reinstall")
    check_regular(path, _MAX_BYTES, ModelFileError)
    if path.parent == ASSETS:
        check_embedded(path)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = max(1, int(threads))
    # Workers that spin between runs take the cores that the rest of the pipeline needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    available = ort.get_available_providers()
    chosen = [provider for provider in providers if provider in available]
    try:
        return ort.InferenceSession(os.fspath(path), options, providers=chosen)
    except Exception as error:  # onnxruntime's exceptions share no base class but this
        reason = shown(str(error).strip().splitlines()[0])
        raise ModelFileError(
            f"{path} is not an ONNX model that onnxruntime can open ({reason}): download or "
            "export it again"
        ) from error

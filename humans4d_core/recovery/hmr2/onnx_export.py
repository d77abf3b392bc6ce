"""HMR 2.0 as an ONNX file, for runtimes without PyTorch: onnxruntime, TensorRT (Jetson).

Input `crops` (people, 3, 256, 256) float32, normalised RGB; outputs as `NetworkOutput`:
global_orient (people, 1, 3, 3), body_pose (people, 23, 3, 3), betas (people, 10), camera
(people, 3), float32. The number of people is free. Weights larger than ONNX's 2 GB go into
FILE.onnx.data beside it.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
import torch

from ...errors import Humans4dError
from ...onnx_session import open_session
from ..engines import NetworkOutput
from ..engines.rotation_deviation import sample_crops_like_images
from .hmr2_model import Hmr2
from .reduced_precision import FastNetwork

DTYPES = {"fp32": torch.float32, "fp16": torch.float16}
#: Largest difference from torch, of any output, with which a file is accepted.
TOLERANCES = {"fp32": 1e-3, "fp16": 1e-2}

INPUT_NAME = "crops"
#: TensorRT reads it since 8.6; later ones bring nothing that is used here.
OPSET = 18

_PACKAGES = ("onnx", "onnxscript")
_BATCHES_CHECKED = (1, 3)


def export_onnx(model: Hmr2, path: Path, precision: str = "fp32") -> float:
    """Write `model` (float32) to `path` and check it; returns the largest difference from torch.

    precision "fp16" halves the file: matrices in float16, residual, norms and head in float32.
    Raises Humans4dError where the packages for it are missing or the file computes something else;
    then no file is left, and one that was there before is as it was.
    """
    if precision not in DTYPES:
        raise Humans4dError(f"ONNX precision {precision} is not known: {', '.join(DTYPES)}")
    if not path.parent.is_dir():
        raise Humans4dError(f"{path.parent} is not a folder: create it, or write elsewhere")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}-") as folder:
        written = Path(folder) / path.name
        write_onnx(model, written, precision)
        difference = difference_from_torch(model, written)
        if not difference <= TOLERANCES[precision]:
            raise Humans4dError(
                f"the exported network differs from torch's by {difference:.2g}, more than "
                f"{TOLERANCES[precision]:g}: nothing was written, try other versions of torch and "
                "onnxscript"
            )
        # The data first: whoever finds the .onnx finds all of it.
        for file in sorted(Path(folder).iterdir(), key=lambda file: file.name == path.name):
            os.replace(file, path.parent / file.name)
    return difference


def packages_missing() -> str | None:
    """What to install before ONNX can be written; None: nothing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    return f"ONNX export needs {' and '.join(missing)}: pip install '.[export]' in the checkout"


def write_onnx(model: Hmr2, path: Path, precision: str = "fp32") -> None:
    """Write the file without a check."""
    if missing := packages_missing():
        raise Humans4dError(missing)
    network = FastNetwork(model, DTYPES[precision]).eval()
    # Two: torch takes a size of one for a constant.
    crops = torch.zeros(2, 3, 256, 256, device=network.position.device)
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            network,
            (crops,),
            os.fspath(path),
            input_names=[INPUT_NAME],
            output_names=list(NetworkOutput._fields),
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes={INPUT_NAME: {0: torch.export.Dim("people", min=1)}},
            external_data=True,
            verbose=False,
        )


@torch.no_grad()
def difference_from_torch(model: Hmr2, path: Path) -> float:
    """Largest difference of any output between the plain network and the file."""
    session = open_session(path, providers=("CPUExecutionProvider",))
    largest = 0.0
    for count in _BATCHES_CHECKED:
        crops = sample_crops_like_images(count, seed=count)
        expected = model(crops.to(next(model.parameters()).device))
        results = session.run(list(NetworkOutput._fields), {INPUT_NAME: crops.numpy()})
        for result, reference in zip(results, expected, strict=True):
            if result.shape != tuple(reference.shape):
                return float("inf")
            # maximum, unlike max, hands on a NaN.
            difference = np.abs(result - reference.cpu().numpy()).max()
            largest = float(np.maximum(largest, difference))
    return largest


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks of torchvision, of its progress and of deprecations within torch."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)

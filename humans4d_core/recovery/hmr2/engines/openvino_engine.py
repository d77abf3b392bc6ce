"""OpenVINO on the CPU: the fastest way there. Optional: the extra `openvino`.

It runs the backbone; the head stays in torch and in float32, where it costs 2 % of the time: in
bfloat16 it alone would turn the rotations by half a degree.
"""

from __future__ import annotations

import copy
import importlib.util
import warnings

import torch
from torch import nn

from ....errors import Humans4dError
from ...engines import NetworkOutput
from ...engines.engine import CROP_SHAPE, BatchedEngine
from ..hmr2_model import Hmr2, read_out
from ..reduced_precision import FastNetwork

PRECISIONS = {"fp32": "f32", "bf16": "bf16"}

_MAX_BATCH = 8


def is_installed() -> bool:
    """Whether OpenVINO can be imported; it is not."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoEngine(BatchedEngine):
    """HMR 2.0 compiled by OpenVINO, on the processor."""

    def __init__(self, model: Hmr2, precision: str = "fp32"):
        """precision: "fp32" or "bf16"; the latter rounds the residual stream too. Runs on as many
        threads as torch does.

        Raises Humans4dError where OpenVINO is not installed.
        """
        if not is_installed():
            raise Humans4dError(
                "OpenVINO is not installed: pip install '.[openvino]' in the "
                "checkout, or take engine torch"
            )
        import openvino

        network = FastNetwork(model)
        self._head = network.head
        self._compiled = openvino.compile_model(
            _graph(_Backbone(network)),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            },
        )
        body = None if model.body is None else copy.deepcopy(model.body).to("cpu")
        super().__init__("openvino", precision, torch.device("cpu"), self._infer, body, _MAX_BATCH)

    def _infer(self, images: torch.Tensor) -> NetworkOutput:
        # The array is OpenVINO's own, overwritten by the next run: the head has read it by then.
        tokens = self._compiled([images.contiguous().numpy()])[0]
        return read_out(self._head(torch.from_numpy(tokens)))


class _Backbone(nn.Module):
    """A network up to its tokens."""

    def __init__(self, network: FastNetwork):
        super().__init__()
        self._network = network

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return self._network.tokens(crops)


def _graph(backbone: nn.Module):
    """The backbone as OpenVINO's model, for any number of people.

    openvino.convert_model would do the same, and report to its makers over the internet.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = TorchScriptPythonDecoder(backbone, example_input=(torch.zeros(2, *CROP_SHAPE),))
        reader = FrontEndManager().load_by_framework("pytorch")
        graph = reader.convert(reader.load(traced))
    graph.reshape([-1, *CROP_SHAPE])
    return graph

"""onnxruntime: 8-bit matrices on the CPU, or whatever its providers reach."""

from __future__ import annotations

import copy
import logging
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from ....body.body_module import BodyModule
from ....onnx_session import open_session
from ...engines import NetworkOutput
from ...engines.engine import OUTPUT_SHAPES, BatchedEngine
from ..hmr2_model import Hmr2
from ..onnx_export import INPUT_NAME, write_onnx

_MAX_BATCH = 8


class OnnxEngine(BatchedEngine):
    """Runs a file of `export_onnx` in an onnxruntime session that computes on `device`."""

    def __init__(
        self,
        session: ort.InferenceSession,
        precision: str,
        device: torch.device | str = "cpu",
        body: BodyModule | None = None,
        name: str = "onnxruntime",
        max_batch: int = _MAX_BATCH,
    ):
        self._session = session
        device = torch.device(device)
        body = None if body is None else copy.deepcopy(body).to(device)
        super().__init__(name, precision, device, self._infer, body, max_batch)

    def _infer(self, images: torch.Tensor) -> NetworkOutput:
        """Input and outputs are tensors of torch: nothing passes through the host."""
        images = images.contiguous()
        output = NetworkOutput(
            *(torch.empty((len(images), *shape), device=self.device) for shape in OUTPUT_SHAPES)
        )
        binding = self._session.io_binding()
        tensors = {INPUT_NAME: images, **output._asdict()}
        for name, tensor in tensors.items():
            bind = binding.bind_input if name == INPUT_NAME else binding.bind_output
            bind(
                name=name,
                device_type=self.device.type,
                device_id=self.device.index or 0,
                element_type=np.float32,
                shape=tuple(tensor.shape),
                buffer_ptr=tensor.data_ptr(),
            )
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()  # onnxruntime has its own stream
        self._session.run_with_iobinding(binding)
        return output


def onnx_cpu_engine(model: Hmr2, precision: str = "fp32") -> OnnxEngine:
    """onnxruntime on the CPU with the model's weights, on as many threads as torch runs on.

    precision "int8": weights rounded per output channel, activations per tensor as they come.
    Raises Humans4dError where the packages that write ONNX are missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        write_onnx(model, path)
        if precision == "int8":
            path = _quantized(path)
        threads = torch.get_num_threads()
        session = open_session(path, threads, providers=("CPUExecutionProvider",))
        return OnnxEngine(session, precision, body=model.body)


def _quantized(path: Path) -> Path:
    """The network with the backbone's matrices in 8 bits; `path` is deleted."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(path, load_external_data=False).graph
    matrices = {weight.name for weight in graph.initializer if len(weight.dims) == 2}
    others = [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and not matrices.intersection(node.input)
    ]
    result = path.with_name("network_int8.onnx")
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it advises a preparation that the exporter has done already
    try:
        quantize_dynamic(
            path,
            result,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=others,
            use_external_data_format=True,
        )
    finally:
        logging.disable(previous)
    for file in (path, path.with_name(path.name + ".data")):
        file.unlink(missing_ok=True)
    return result

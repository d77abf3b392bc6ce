"""Convert a TFLite convolution network to ONNX: NCHW throughout, any batch size.

Needs the `convert` extra (onnx, tflite). Only what the chosen outputs need is converted, so that
branches nobody reads cost nothing. BlazePose's outputs as they are embedded (file from npm
`@mediapipe/pose` 0.5.1675469404), all but the segmentation:

    python tools/assets/tflite_to_onnx.py pose_landmark_full.tflite blazepose_full.onnx \
        --output Identity=landmarks:39,5 --output Identity_4=world_landmarks:39,3 \
        --output Identity_1=presence:1 --output Identity_3=heatmap:39,64,64
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper
from to_float16 import store_float16

OPSET, IR_VERSION = 17, 8
INPUT_NAME = "image"
OPERATOR_NAMES = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
NUMPY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


@dataclass(frozen=True)
class Output:
    """A tensor of the TFLite file and its name and shape (without N, channels first) in ONNX."""

    tensor: str
    name: str
    shape: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Output:
        """From "Identity=landmarks:39,5"."""
        tensor, _, rest = text.partition("=")
        name, _, shape = rest.partition(":")
        return cls(tensor, name, tuple(int(size) for size in shape.split(",")))


class Converter:
    """One subgraph on its way to ONNX. Feature maps are NHWC before and NCHW after."""

    def __init__(self, model: tflite.Model):
        self.model = model
        self.graph = model.Subgraphs(0)
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, np.ndarray] = {}
        self.constants: dict[int, np.ndarray] = {}
        self.paddings: dict[int, tuple[int, np.ndarray]] = {}
        self.producers = {
            int(self.operator(k).Outputs(0)): k for k in range(self.graph.OperatorsLength())
        }
        self.by_name = {
            self.graph.Tensors(k).Name().decode(): k for k in range(self.graph.TensorsLength())
        }

    def convert(self, outputs: list[Output]) -> onnx.ModelProto:
        wanted = [self.by_name[output.tensor] for output in outputs]
        for k in self._needed(wanted):
            operator = self.operator(k)
            code = self.model.OperatorCodes(operator.OpcodeIndex())
            kind = OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            handler = getattr(self, f"_op_{kind.lower()}", None)
            if handler is None:
                raise SystemExit(f"operator {kind} is not supported")
            handler(operator)
        for output, tensor in zip(outputs, wanted, strict=True):
            self._node("Reshape", [self.name(tensor), self._shape((0, *output.shape))], output.name)

        source = int(self.graph.Inputs(0))
        _, height, width, channels = self.shape(source)
        return helper.make_model(
            helper.make_graph(
                self.nodes,
                "tflite",
                [self._value(INPUT_NAME, (channels, height, width))],
                [self._value(output.name, output.shape) for output in outputs],
                [numpy_helper.from_array(a, name) for name, a in self.initializers.items()],
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )

    def operator(self, k: int) -> tflite.Operator:
        return self.graph.Operators(k)

    def name(self, tensor: int) -> str:
        return INPUT_NAME if tensor == int(self.graph.Inputs(0)) else f"t{tensor}"

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(size) for size in self.graph.Tensors(tensor).ShapeAsNumpy())

    def constant(self, tensor: int) -> np.ndarray | None:
        """A constant's value as stored, or None where the tensor is computed."""
        if tensor in self.constants:
            return self.constants[tensor]
        info = self.graph.Tensors(tensor)
        buffer = self.model.Buffers(info.Buffer())
        if not buffer.DataLength():
            return None
        return buffer.DataAsNumpy().view(NUMPY_TYPES[info.Type()]).reshape(self.shape(tensor))

    def _needed(self, wanted: list[int]) -> list[int]:
        """Indices of the operators that the wanted tensors depend on, in the file's order."""
        needed, waiting = set(), list(wanted)
        while waiting:
            k = self.producers.get(waiting.pop())
            if k is not None and k not in needed:
                needed.add(k)
                waiting.extend(int(t) for t in self.operator(k).InputsAsNumpy())
        return sorted(needed)

    def _value(self, name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])

    def _shape(self, sizes: tuple[int, ...]) -> str:
        name = "shape_" + "_".join(str(size) for size in sizes)
        self.initializers[name] = np.array(sizes, np.int64)
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def _activated_node(self, kind, inputs, tensor: int, activation: int, **attributes) -> None:
        result = self.name(tensor)
        if activation == tflite.ActivationFunctionType.NONE:
            self._node(kind, inputs, result, **attributes)
            return
        self._node(kind, inputs, f"{result}_linear", **attributes)
        if activation == tflite.ActivationFunctionType.RELU:
            self._node("Relu", [f"{result}_linear"], result)
        elif activation == tflite.ActivationFunctionType.RELU6:
            self.initializers["zero"] = np.float32(0)
            self.initializers["six"] = np.float32(6)
            self._node("Clip", [f"{result}_linear", "zero", "six"], result)
        else:
            raise SystemExit(f"activation {activation} is not supported")

    def _pads(self, source: int, result: int, padding: int, kernel, strides) -> list[int]:
        """ONNX pads; SAME puts the odd row and column at the end."""
        if padding == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        sizes = np.array(self.shape(source)[1:3])
        counts = np.array(self.shape(result)[1:3])
        total = np.maximum((counts - 1) * strides + kernel - sizes, 0)
        return [*(total // 2).tolist(), *(total - total // 2).tolist()]

    def _options(self, operator, table):
        options, raw = table(), operator.BuiltinOptions()
        options.Init(raw.Bytes, raw.Pos)
        return options

    # --- operators -------------------------------------------------------------------------

    def _op_dequantize(self, operator) -> None:
        self.constants[int(operator.Outputs(0))] = self.constant(int(operator.Inputs(0)))

    def _convolution(self, operator, options, depthwise: bool) -> None:
        source, weights, bias = (int(t) for t in operator.InputsAsNumpy())
        result = int(operator.Outputs(0))
        kernel = self.constant(weights)
        # TFLite: (out, h, w, in), depthwise (1, h, w, in * multiplier); ONNX: (out, in, h, w).
        self.initializers[self.name(weights)] = np.ascontiguousarray(
            kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
        ).astype(np.float32)
        self.initializers[self.name(bias)] = self.constant(bias).astype(np.float32)
        strides = [options.StrideH(), options.StrideW()]
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise SystemExit("a dilated convolution is not supported")
        explicit = self.paddings.get(source)
        if explicit:
            # A PAD before a VALID convolution is that convolution's own padding.
            source, pads = explicit[0], explicit[1].T.ravel().tolist()
        else:
            pads = self._pads(source, result, options.Padding(), kernel.shape[1:3], strides)
        self._activated_node(
            "Conv",
            [self.name(source), self.name(weights), self.name(bias)],
            result,
            options.FusedActivationFunction(),
            kernel_shape=list(kernel.shape[1:3]),
            strides=strides,
            pads=pads,
            group=self.shape(source)[3] if depthwise else 1,
        )

    def _op_conv_2d(self, operator) -> None:
        self._convolution(operator, self._options(operator, tflite.Conv2DOptions), False)

    def _op_depthwise_conv_2d(self, operator) -> None:
        self._convolution(operator, self._options(operator, tflite.DepthwiseConv2DOptions), True)

    def _op_pad(self, operator) -> None:
        paddings = self.constant(int(operator.Inputs(1)))
        if paddings[[0, 3]].any():
            raise SystemExit("PAD of the batch or of channels is not supported")
        result = int(operator.Outputs(0))
        self.paddings[result] = int(operator.Inputs(0)), paddings[1:3]
        readers = [
            self.operator(k)
            for k in range(self.graph.OperatorsLength())
            if result in self.operator(k).InputsAsNumpy()
        ]
        if any("Conv2D" not in self._reader_table(reader) for reader in readers):
            raise SystemExit("PAD before anything but a convolution is not supported")

    def _reader_table(self, operator) -> str:
        names = {v: k for k, v in vars(tflite.BuiltinOptions).items() if isinstance(v, int)}
        return names[operator.BuiltinOptionsType()]

    def _op_max_pool_2d(self, operator) -> None:
        options = self._options(operator, tflite.Pool2DOptions)
        source, result = int(operator.Inputs(0)), int(operator.Outputs(0))
        kernel = [options.FilterHeight(), options.FilterWidth()]
        strides = [options.StrideH(), options.StrideW()]
        self._activated_node(
            "MaxPool",
            [self.name(source)],
            result,
            options.FusedActivationFunction(),
            kernel_shape=kernel,
            strides=strides,
            pads=self._pads(source, result, options.Padding(), kernel, strides),
        )

    def _op_add(self, operator) -> None:
        options = self._options(operator, tflite.AddOptions)
        self._activated_node(
            "Add",
            [self.name(int(t)) for t in operator.InputsAsNumpy()],
            int(operator.Outputs(0)),
            options.FusedActivationFunction(),
        )

    def _op_logistic(self, operator) -> None:
        source, result = int(operator.Inputs(0)), int(operator.Outputs(0))
        self._node("Sigmoid", [self.name(source)], self.name(result))

    def _op_resize_bilinear(self, operator) -> None:
        options = self._options(operator, tflite.ResizeBilinearOptions)
        mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
        if options.AlignCorners():
            mode = "align_corners"
        source, result = int(operator.Inputs(0)), int(operator.Outputs(0))
        factors = np.array(self.shape(result)[1:3]) / np.array(self.shape(source)[1:3])
        scales = f"scales_{result}"
        self.initializers[scales] = np.array([1, 1, *factors], np.float32)
        self._node(
            "Resize",
            [self.name(source), "", scales],
            self.name(result),
            mode="linear",
            coordinate_transformation_mode=mode,
        )

    def _op_reshape(self, operator) -> None:
        source, result = int(operator.Inputs(0)), int(operator.Outputs(0))
        if self.shape(source)[1:3] != (1, 1):
            raise SystemExit("RESHAPE of a feature map that is not 1x1 is not supported")
        self._node("Flatten", [self.name(source)], self.name(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--output", type=Output.parse, action="append", required=True)
    arguments = parser.parse_args()
    converter = Converter(tflite.Model.GetRootAs(arguments.source.read_bytes(), 0))
    model = converter.convert(arguments.output)
    print(f"{store_float16(model)} weights stay float32")
    onnx.save(model, arguments.target)


if __name__ == "__main__":
    main()

"""Convert the convolutional part of a TensorFlow.js graph model to ONNX, without TensorFlow.

Feature maps are NCHW throughout: the file's transposes vanish, its paddings and biases become the
convolutions' own. Height and width stay free, as multiples of the network's largest stride.
What follows the feature maps (decoding) is left to `build_detectors.py`.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

STORED_TYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "bool": "?"}
LAYOUTS = {(0, 3, 1, 2): "NCHW", (0, 2, 3, 1): "NHWC"}


def read_weights(path: Path, manifest: list[dict]) -> dict[str, np.ndarray]:
    """All constants of a graph model by name, dequantised."""
    weights = {}
    for group in manifest:
        raw = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            quantization = entry.get("quantization", {})
            stored = np.dtype(STORED_TYPES[quantization.get("dtype", entry["dtype"])])
            count = int(np.prod(entry["shape"]))
            array = np.frombuffer(raw, stored, count, offset).reshape(entry["shape"])
            offset += count * stored.itemsize
            if "scale" in quantization:
                array = array * np.float32(quantization["scale"]) + np.float32(quantization["min"])
            weights[entry["name"]] = array.astype(STORED_TYPES[entry["dtype"]])
        if offset != len(raw):
            raise SystemExit(f"{path}: the weights do not fill their files")
    return weights


class Node:
    """One node of the graph: its operator, inputs and attributes as plain Python values."""

    def __init__(self, raw: dict):
        self.name, self.op = raw["name"], raw["op"]
        self.inputs = [name.removesuffix(":0") for name in raw.get("input", []) if name[0] != "^"]
        self._attributes = raw.get("attr", {})

    def text(self, key: str, default: str = "") -> str:
        raw = self._attributes.get(key)
        return base64.b64decode(raw["s"]).decode() if raw else default

    def texts(self, key: str) -> list[str]:
        values = self._attributes.get(key, {}).get("list", {}).get("s", [])
        return [base64.b64decode(value).decode() for value in values]

    def integers(self, key: str) -> list[int]:
        return [int(v) for v in self._attributes.get(key, {}).get("list", {}).get("i", [])]

    def number(self, key: str, default: float) -> float:
        return float(self._attributes.get(key, {}).get("f", default))

    def flag(self, key: str) -> bool:
        return bool(self._attributes.get(key, {}).get("b", False))


class Converter:
    """Feature maps of a graph model as ONNX nodes, in `nodes` and `initializers`.

    sizes: height and width of every converted tensor at the nominal input size, which tells the
    factors of resizing; layouts: the order in which the file has the tensor's axes.
    """

    def __init__(self, path: Path):
        model = json.loads(path.read_text())
        self.graph = {n.name: n for n in map(Node, model["modelTopology"]["node"])}
        self.weights = read_weights(path, model["weightsManifest"])
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.sizes: dict[str, np.ndarray] = {}
        self.layouts: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._paddings: dict[str, np.ndarray] = {}

    def begin(self, tensor: str, name: str, size: tuple[int, int], layout: str) -> None:
        """The feature map (or image) `tensor` of the file is there already, called `name`."""
        self._names[tensor] = name
        self.sizes[tensor] = np.array(size)
        self.layouts[tensor] = layout

    def convert(self, tensor: str) -> str:
        """The ONNX name of a tensor; adds whatever nodes it needs."""
        waiting = [tensor]
        while waiting:
            name = waiting[-1]
            if name in self._names or name in self.weights:
                waiting.pop()
                continue
            node = self.graph[name]
            missing = [i for i in self._maps(node) if i not in self._names]
            if missing:
                waiting.extend(missing)
                continue
            handler = getattr(self, f"_op_{node.op.lstrip('_').lower()}", None)
            if handler is None:
                raise SystemExit(f"operator {node.op} ({name}) is not supported")
            handler(node)
            waiting.pop()
        return self._names[tensor]

    def constant(self, array: np.ndarray, name: str) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _maps(self, node: Node) -> list[str]:
        """The inputs that are feature maps: a size or a constant is not."""
        inputs = node.inputs[:1] if node.op == "ResizeBilinear" else node.inputs
        return [name for name in inputs if name not in self.weights]

    def _done(self, node: Node, name: str, size: np.ndarray | None = None) -> None:
        source = self._maps(node)[0]
        self._names[node.name] = name
        self.sizes[node.name] = self.sizes[source] if size is None else size
        self.layouts[node.name] = self.layouts[source]

    def _new(self) -> str:
        return f"t{len(self.nodes)}"

    # --- operators -------------------------------------------------------------------------

    def _op_identity(self, node: Node) -> None:
        self._done(node, self._names[node.inputs[0]])

    def _op_transpose(self, node: Node) -> None:
        layout = LAYOUTS[tuple(self.weights[node.inputs[1]].tolist())]
        if layout == self.layouts[node.inputs[0]]:
            raise SystemExit(f"{node.name} does not change between NHWC and NCHW")
        self._op_identity(node)
        self.layouts[node.name] = layout

    def _op_pad(self, node: Node) -> None:
        """Zeros before a convolution, or what max pooling ignores: the next node's own padding."""
        paddings = self.weights[node.inputs[1]]
        spatial = [self.layouts[node.inputs[0]].index(axis) for axis in "HW"]
        value = self.weights[node.inputs[2]] if len(node.inputs) > 2 else 0
        readers = {n.op for n in self._readers(node.name)}
        if paddings.sum() != paddings[spatial].sum() or not (
            (readers <= {"Conv2D"} and value == 0) or (readers <= {"MaxPool"} and value < -1e30)
        ):
            raise SystemExit(f"{node.name} is not the padding of a convolution or of pooling")
        pads = paddings[spatial]
        self._done(node, self._names[node.inputs[0]], self.sizes[node.inputs[0]] + pads.sum(1))
        self._paddings[node.name] = pads

    _op_padv2 = _op_pad

    def _readers(self, name: str) -> list[Node]:
        """Nodes that use a tensor, looking through transposes (which keep its padding)."""
        found = []
        for node in self.graph.values():
            if name in node.inputs:
                found += self._readers(node.name) if node.op == "Transpose" else [node]
        return found

    def _padding_before(self, tensor: str) -> np.ndarray | None:
        while self.graph[tensor].op == "Transpose":
            tensor = self.graph[tensor].inputs[0]
        return self._paddings.get(tensor)

    def _window(self, node: Node, kernel: np.ndarray) -> tuple[dict, np.ndarray]:
        """Attributes strides and pads of a convolution or pooling, and the result's size."""
        spatial = [(node.text("data_format") or "NHWC").index(axis) for axis in "HW"]
        strides = np.array(node.integers("strides"))[spatial]
        size = self.sizes[node.inputs[0]]
        pads = self._padding_before(node.inputs[0])
        if node.text("padding") == "SAME":
            # The odd one goes to the end. Sizes are multiples of the stride: independent of them.
            total = np.maximum(kernel - strides, 0)
            pads = np.stack((total // 2, total - total // 2), axis=1)
            result = -(-size // strides)
        elif node.text("padding") == "VALID":
            result = (size - kernel) // strides + 1
            pads = np.zeros((2, 2), int) if pads is None else pads
        else:
            raise SystemExit(f"padding {node.text('padding')} of {node.name} is not supported")
        window = {
            "kernel_shape": kernel.tolist(), "strides": strides.tolist(), "pads": pads.T.ravel()
        }  # fmt: skip
        return window, result

    def _convolution(self, node: Node, depthwise: bool) -> None:
        if set(node.integers("dilations")) - {1}:
            raise SystemExit(f"{node.name}: a dilated convolution is not supported")
        kernel = self.weights[node.inputs[1]]
        height, width, channels, _ = kernel.shape
        if depthwise:
            kernel = kernel.reshape(height, width, 1, -1)
        window, size = self._window(node, np.array((height, width)))
        inputs = [
            self._names[node.inputs[0]],
            self.constant(kernel.transpose(3, 2, 0, 1), f"{self._new()}_weight"),
        ]
        activations = node.texts("fused_ops")
        if activations[:1] == ["BiasAdd"]:
            inputs.append(self.constant(self.weights[node.inputs[2]], f"{self._new()}_bias"))
            activations = activations[1:]
        group = channels if depthwise else 1
        result = self.add("Conv", inputs, self._new(), group=group, **window)
        for activation in activations:
            if activation == "Relu6":
                limits = [self.constant(np.float32(v), f"{self._new()}_{v}") for v in (0, 6)]
                result = self.add("Clip", [result, *limits], self._new())
            elif activation == "Relu":
                result = self.add("Relu", [result], self._new())
            else:
                raise SystemExit(f"activation {activation} ({node.name}) is not supported")
        self._done(node, result, size)

    def _op_conv2d(self, node: Node) -> None:
        self._convolution(node, depthwise=False)

    def _op_depthwiseconv2dnative(self, node: Node) -> None:
        self._convolution(node, depthwise=True)

    _op_fusedconv2d = _op_conv2d
    _op_fuseddepthwiseconv2dnative = _op_depthwiseconv2dnative

    def _op_add(self, node: Node) -> None:
        maps = self._maps(node)
        if len(maps) == 2:
            names = [self._names[name] for name in maps]
            self._done(node, self.add("Add", names, self._new()))
            return
        bias = self.weights[node.inputs[1]]
        producer = next(n for n in self.nodes if n.output[0] == self._names[maps[0]])
        if (
            producer.op_type != "Conv"
            or len(producer.input) != 2
            or self.layouts[maps[0]] != "NHWC"
        ):
            raise SystemExit(f"{node.name} is not the bias of a convolution")
        producer.input.append(self.constant(bias, f"{producer.output[0]}_bias"))
        self._done(node, producer.output[0])

    _op_addv2 = _op_add

    def _op_concatv2(self, node: Node) -> None:
        maps = self._maps(node)
        axis = int(self.weights[node.inputs[-1]])
        if any(self.layouts[name][axis] != "C" for name in maps):
            raise SystemExit(f"{node.name} does not join channels")
        names = [self._names[name] for name in maps]
        self._done(node, self.add("Concat", names, self._new(), axis=1))

    def _op_leakyrelu(self, node: Node) -> None:
        alpha = node.number("alpha", 0.2)
        source = self._names[node.inputs[0]]
        self._done(node, self.add("LeakyRelu", [source], self._new(), alpha=alpha))

    def _op_maxpool(self, node: Node) -> None:
        spatial = [(node.text("data_format") or "NHWC").index(axis) for axis in "HW"]
        window, size = self._window(node, np.array(node.integers("ksize"))[spatial])
        result = self.add("MaxPool", [self._names[node.inputs[0]]], self._new(), **window)
        self._done(node, result, size)

    def _op_resizebilinear(self, node: Node) -> None:
        source, size = node.inputs
        if size in self.weights:
            factors = self.weights[size] / self.sizes[source]
        else:  # Keras' UpSampling2D: the source's size times a constant
            factors = self.weights[self.graph[size].inputs[1]]
        if node.flag("align_corners") or not node.flag("half_pixel_centers"):
            raise SystemExit(f"{node.name} does not sample at half-pixel centres")
        scales = np.array([1, 1, *factors], np.float32)
        result = self.add(
            "Resize",
            [self._names[source], "", self.constant(scales, f"{self._new()}_scales")],
            self._new(),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        self._done(node, result, (self.sizes[source] * factors).astype(int))

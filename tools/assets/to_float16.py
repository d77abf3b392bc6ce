"""Store an ONNX model's weights as float16 where that loses nothing.

All three networks were published with float16 weights, so this halves their files exactly. The
graph still computes in float32: onnxruntime folds the Casts when it opens the file.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Arrays of fewer numbers are not worth a node.
MIN_SIZE = 64


def store_float16(model: onnx.ModelProto) -> int:
    """Change the model in place; returns how many of its weights stay float32."""
    graph = model.graph
    stored, casts, remaining = [], [], 0
    for initializer in graph.initializer:
        array = numpy_helper.to_array(initializer)
        if array.dtype != np.float32 or array.size < MIN_SIZE:
            stored.append(initializer)
            continue
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), array):
            stored.append(initializer)
            remaining += array.size
            continue
        name = initializer.name
        stored.append(numpy_helper.from_array(half, f"{name}_float16"))
        casts.append(helper.make_node("Cast", [f"{name}_float16"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stored)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return remaining

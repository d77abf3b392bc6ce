"""Tiny ONNX files, written byte by byte: the format is protobuf, and tests need few of its fields.

Field numbers are those of onnx.proto (ONNX 1.x, IR version 8).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT, INT64, FLOAT16 = 1, 7, 10
_TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64, np.dtype(np.float16): FLOAT16}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def tensor(name: str, value: np.ndarray) -> bytes:
    """An initializer of a graph."""
    dims = b"".join(_number(1, size) for size in value.shape)
    kind = _number(2, _TYPES[value.dtype])
    return dims + kind + _bytes(8, name) + _bytes(9, np.ascontiguousarray(value).tobytes())


def node(kind: str, inputs: Sequence[str], output: str, **attributes) -> bytes:
    """A node of one output; attributes are whole numbers, lists of them, or floats."""
    out = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind)
    for name, value in attributes.items():
        if isinstance(value, float):
            body = _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
        elif isinstance(value, int):
            body = _number(3, value) + _number(20, 2)
        else:
            body = b"".join(_number(8, item) for item in value) + _number(20, 7)
        out += _bytes(5, _bytes(1, name) + body)
    return out


def value_info(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    """An input or output; a size that is a text is free."""
    dims = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, dims)))


def write_onnx(
    path: Path, inputs: dict, outputs: dict, nodes: Sequence[bytes], tensors: dict,
    metadata: dict | None = None,
) -> Path:  # fmt: skip
    """inputs, outputs: name -> (type, shape); tensors: name -> array; the file at `path`."""
    graph = b"".join(_bytes(1, one) for one in nodes) + _bytes(2, "graph")
    graph += b"".join(_bytes(5, tensor(name, value)) for name, value in tensors.items())
    graph += b"".join(_bytes(11, value_info(name, *about)) for name, about in inputs.items())
    graph += b"".join(_bytes(12, value_info(name, *about)) for name, about in outputs.items())
    model = _number(1, 8) + _bytes(8, _bytes(1, "") + _number(2, 13)) + _bytes(7, graph)
    for key, value in (metadata or {}).items():
        model += _bytes(14, _bytes(1, key) + _bytes(2, value))
    path.write_bytes(model)
    return path

"""The safetensors format: 8 bytes of header length, a JSON header, then plain numbers.

https://huggingface.co/docs/safetensors gives the format. It cannot hold code, and this writer
streams: a network of any size is converted in the memory of its largest tensor.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ..errors import ModelFileError
from .names import checked_name, printable
from .tensor_file import StoredTensor, TensorFile, contiguous_strides

_LENGTH = struct.Struct("<Q")
_MAX_HEADER_BYTES = 64 << 20
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_DTYPE_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_METADATA = "__metadata__"


def looks_like_safetensors(start: bytes) -> bool:
    """Whether a file that begins with these 9 bytes can be one."""
    return len(start) == 9 and start[8:] == b"{" and _LENGTH.unpack(start[:8])[0] >= 2


def index_safetensors(path: Path, file: BinaryIO) -> TensorFile:
    """The tensors of a safetensors file.

    Raises ModelFileError for a file that is truncated or contradicts itself.
    """
    size = file.seek(0, 2)
    file.seek(0)
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    body = _LENGTH.size + length
    if length > _MAX_HEADER_BYTES or body > size:
        raise ModelFileError(f"{path} is truncated, or no safetensors file: copy it again")
    try:
        header = json.loads(file.read(length))
        metadata = header.pop(_METADATA, {})
        texts = {str(key): str(value) for key, value in metadata.items()}
        tensors = {checked_name(path, name): _stored(entry, body) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = printable(str(error))
        raise ModelFileError(f"{path}: its safetensors header is damaged ({reason})") from None
    for name, stored in tensors.items():
        if stored.start + stored.nbytes > size:
            raise ModelFileError(f"{path} ends before {name} does: copy it again")
    return TensorFile(path, file, "safetensors", tensors, texts)


def _stored(entry: Any, body: int) -> StoredTensor:
    dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    if type(begin) is not int or begin < 0:
        raise ValueError("an offset that is no natural number")
    stored = StoredTensor(dtype, shape, contiguous_strides(shape), body + begin)
    if end - begin != stored.nbytes:
        raise ValueError(f"{end - begin} bytes for a tensor of shape {list(shape)}")
    return stored


def write_safetensors(
    path: Path,
    tensors: Mapping[str, tuple[torch.dtype, tuple[int, ...]]],
    read: Callable[[str], torch.Tensor],
    metadata: Mapping[str, str],
) -> None:
    """Write the tensors that `read(name)` gives, one after the other.

    tensors: type and shape of each. The file appears under its name only when it is complete.
    """
    # Wide types first: every tensor begins at a multiple of its element's size.
    names = sorted(tensors, key=lambda name: -tensors[name][0].itemsize)
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    offset = 0
    for name in names:
        dtype, shape = tensors[name]
        end = offset + math.prod(shape) * dtype.itemsize
        header[name] = {
            "dtype": _DTYPE_NAMES[dtype],
            "shape": list(shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(_LENGTH.pack(len(text)) + text)
            for name in names:
                dtype, shape = tensors[name]
                tensor = read(name).to(dtype).reshape(shape).contiguous()
                file.write(memoryview(tensor.reshape(-1).view(torch.uint8).numpy()))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)

"""The safetensors format: 8 bytes of header length, a JSON header, then plain numbers.

https://huggingface.co/docs/safetensors gives the format. It cannot hold code, and this writer
streams: a network of any size is converted in the memory of its largest tensor.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ...errors import ModelFileError
from ...shown_text import shown
from .tensor_file import Checked, StoredTensor, TensorFile, contiguous_strides
from .tensor_names import checked_name

_LENGTH = struct.Struct("<Q")
_MAX_HEADER_BYTES = 4 << 20  # some 30,000 tensors; HMR 2.0's has 70 KB
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
#: Our own metadata: CRC-32 of each tensor's bytes, as JSON, and of the header with zeros here.
_TENSOR_CHECKSUMS = "crc32"
_HEADER_CHECKSUM = "header_crc32"
_NO_CHECKSUM = "0" * 8


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
        text = file.read(length)
        header = json.loads(text, object_pairs_hook=_without_repetition)
        metadata = header.pop(_METADATA, {})
        texts = {str(key): str(value) for key, value in metadata.items()}
        checksums = _checksums(texts, text)
        tensors = {
            checked_name(path, name): _stored(
                entry, body, int(checksums[name], 16) if checksums else None
            )
            for name, entry in header.items()
        }
        _check_apart(tensors)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        reason = shown(str(error))
        raise ModelFileError(f"{path}: its safetensors header is damaged ({reason})") from None
    for name, stored in tensors.items():
        if stored.start + stored.nbytes > size:
            raise ModelFileError(f"{path} ends before {name} does: copy it again")
    return TensorFile(path, file, "safetensors", tensors, texts)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name that stands there twice")
    return found


def _checksums(texts: dict[str, str], header: bytes) -> dict[str, str] | None:
    """The checksums of the tensors by name, where the file has them; the header's is compared."""
    tensors, own = texts.pop(_TENSOR_CHECKSUMS, None), texts.pop(_HEADER_CHECKSUM, None)
    if tensors is None and own is None:
        return None
    if tensors is None or own is None or own.encode() not in header:
        raise ValueError("half of its checksums are missing")
    found = zlib.crc32(header.replace(_own_checksum(own), _own_checksum(_NO_CHECKSUM), 1))
    if f"{found:08x}" != own:
        raise ValueError("it does not have its checksum")
    return json.loads(tensors)


def _own_checksum(value: str) -> bytes:
    return f'"{_HEADER_CHECKSUM}":"{value}"'.encode()


def _check_apart(tensors: Mapping[str, StoredTensor]) -> None:
    """Tensors that show the same bytes would unfold a small file to any size."""
    end = 0
    for stored in sorted(tensors.values(), key=lambda stored: stored.start):
        if stored.start < end:
            raise ValueError("tensors lie over each other")
        end = stored.start + stored.nbytes


def _stored(entry: Any, body: int, crc32: int | None) -> StoredTensor:
    dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    if type(begin) is not int or type(end) is not int or begin < 0:
        raise ValueError("an offset that is no natural number")
    checked = None if crc32 is None else Checked(body + begin, end - begin, crc32)
    stored = StoredTensor(dtype, shape, contiguous_strides(shape), body + begin, checked)
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

    tensors: type and shape of each. The file carries checksums of its tensors and header, and
    appears under its name only when it is complete.
    """
    # Wide types first: every tensor begins at a multiple of its element's size.
    names = sorted(tensors, key=lambda name: -tensors[name][0].itemsize)
    # The checksums are known at the end; their places in the header are of a known length.
    checksums = dict.fromkeys(names, _NO_CHECKSUM)
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
    text = _header_text(header, checksums)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(_LENGTH.pack(len(text)) + text)
            for name in names:
                dtype, shape = tensors[name]
                tensor = read(name).to(dtype).reshape(shape).contiguous()
                content = memoryview(tensor.reshape(-1).view(torch.uint8).numpy().data)
                checksums[name] = f"{zlib.crc32(content):08x}"
                file.write(content)
            text = _header_text(header, checksums)
            own = f"{zlib.crc32(text):08x}"
            file.seek(_LENGTH.size)
            file.write(text.replace(_own_checksum(_NO_CHECKSUM), _own_checksum(own), 1))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _header_text(header: dict[str, Any], checksums: Mapping[str, str]) -> bytes:
    """The header with these checksums of tensors, and zeros for its own."""
    header[_METADATA] |= {
        _TENSOR_CHECKSUMS: json.dumps(checksums, separators=(",", ":")),
        _HEADER_CHECKSUM: _NO_CHECKSUM,
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)

"""torch.save's files, indexed without torch.load: nothing that they name is imported or called.

Such a file is a zip archive. Its data.pkl describes the saved object; where a tensor belongs, it
names a storage (the archive's member data/<key>), an offset, sizes and strides. The pickle is
read as data, and each tensor is checked to lie inside of its storage.
"""

from __future__ import annotations

import math
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ...errors import ModelFileError
from ...shown_text import shown
from .. import check_zip_directory
from ..pickles.pickle_objects import Global, Inert
from ..pickles.pickles import parse_pickle
from .tensor_file import Checked, StoredTensor, TensorFile
from .tensor_names import checked_name

_MAX_PICKLE_BYTES = 64 << 20  # the description, not the numbers: some 100 KB
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature ... lengths of the name and extra field
_ENCRYPTED = 1

_STORAGE_TYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

#: What a Lightning checkpoint says of its training.
_FACTS = ("epoch", "global_step")
#: Numbers beyond count nothing, and Python refuses to write the very long ones out.
_COUNT_BITS = 64


def index_torch_archive(path: Path, file: BinaryIO) -> TensorFile:
    """The tensors of a checkpoint's state_dict; without that key, of the saved dictionary itself.

    Raises ModelFileError for a file that is truncated, contradicts itself or holds no tensors.
    """
    try:
        check_zip_directory(path, file)
        with zipfile.ZipFile(file) as archive:
            members = _Members(path, file, archive)
            content = parse_pickle(members.description(), str(path), foreign="inert")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError,
            OverflowError, IndexError, struct.error) as error:  # fmt: skip
        raise ModelFileError(
            f"{path} is truncated or damaged ({shown(str(error))}): copy or download it again"
        ) from None
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not state:
        raise ModelFileError(f"{path} holds no state_dict: give a network's checkpoint")
    tensors = {
        checked_name(path, name): _stored(members, name, value) for name, value in state.items()
    }
    facts = {
        key: str(number)
        for key in _FACTS
        if isinstance(number := content.get(key), int) and number.bit_length() < _COUNT_BITS
    }
    return TensorFile(path, file, "torch", tensors, facts)


class _Members:
    """The archive's members as ranges of bytes in the file."""

    def __init__(self, path: Path, file: BinaryIO, archive: zipfile.ZipFile):
        self.path = path
        self.file = file
        self.archive = archive
        self.size = file.seek(0, 2)
        self.infos = {info.filename: info for info in archive.infolist()}
        described = [name for name in self.infos if name.count("/") == 1
                     and name.endswith("/data.pkl")]  # fmt: skip
        if len(described) != 1:
            raise ModelFileError(f"{path} is a zip archive, but not one that torch has saved")
        self.folder = described[0].removesuffix("data.pkl")
        self.ranges: dict[str, Checked] = {}
        # torch leaves all of them zero where it is told to compute none.
        self.has_checksums = any(info.CRC for info in self.infos.values())

    def description(self) -> bytes:
        """data.pkl."""
        order = self.infos.get(self.folder + "byteorder")
        if order is not None:
            self._check_plain(order)
            if order.file_size > 16 or self._content(order) != b"little":
                raise ModelFileError(
                    f"{self.path} was not saved by a little-endian machine: save it again"
                )
        info = self.infos[self.folder + "data.pkl"]
        if info.file_size > _MAX_PICKLE_BYTES:
            raise ModelFileError(f"{self.path}: its data.pkl is too large for a checkpoint")
        self._check_plain(info)
        return self._content(info)

    def _content(self, info: zipfile.ZipInfo) -> bytes:
        """A member's bytes, checked where there is a checksum."""
        if self.has_checksums:
            return self.archive.read(info)
        self.file.seek(self._start(info))
        return self.file.read(info.file_size)

    def range(self, key: str) -> Checked:
        """The bytes of a storage."""
        if key not in self.ranges:
            member = f"data/{shown(key)}"
            info = self.infos.get(f"{self.folder}data/{key}")
            if info is None:
                raise ModelFileError(f"{self.path} lacks its storage {member}: copy it again")
            self._check_plain(info)
            start = self._start(info)
            if start + info.file_size > self.size:
                raise ModelFileError(f"{self.path} ends before {member} does: copy it again")
            self.ranges[key] = Checked(start, info.file_size, info.CRC)
        return self.ranges[key]

    def _start(self, info: zipfile.ZipInfo) -> int:
        """The first byte of a member's content."""
        self.file.seek(min(max(info.header_offset, 0), self.size))
        header = self.file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise ModelFileError(
                f"{self.path}: {shown(info.filename)} is not where the archive says"
            )
        _signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        return info.header_offset + _LOCAL_HEADER.size + name_length + extra_length

    def _check_plain(self, info: zipfile.ZipInfo) -> None:
        # torch never compresses; a few compressed bytes can stand for any amount.
        if (info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED
                or info.compress_size != info.file_size):  # fmt: skip
            raise ModelFileError(
                f"{self.path}: {shown(info.filename)} is compressed or encrypted, which torch "
                "never does: the file is not trusted"
            )


def _stored(members: _Members, name: str, value: Any) -> StoredTensor:
    """Where a tensor of the state_dict stands, checked."""

    def wrong(what: str) -> ModelFileError:
        return ModelFileError(f"{members.path}: {name} {what}")

    while isinstance(value, Inert) and value.type_name == "torch._utils._rebuild_parameter":
        value = value.arguments[0] if value.arguments else None
    if not isinstance(value, Inert) or value.type_name != "torch._utils._rebuild_tensor_v2":
        raise wrong("is no plain tensor: a checkpoint holds nothing else")
    match value.arguments:
        case (
            Inert(type_name="persistent id",
                  arguments=(("storage", Global(type_name=storage_type), str(key), _, int()),)),
            int(offset),
            tuple(shape),
            tuple(strides),
            *_,
        ):  # fmt: skip
            pass
        case _:
            raise wrong("is described in an unknown way")
    dtype = _STORAGE_TYPES.get(storage_type.removeprefix("torch."))
    if dtype is None:
        raise wrong(f"has elements of type {shown(storage_type)}, which is unknown here")
    storage = members.range(key)
    try:
        stored = StoredTensor(
            dtype,
            shape,
            strides,
            storage.start + offset * dtype.itemsize,
            storage if members.has_checksums else None,
        )
    except ValueError as error:
        raise wrong(f"has {error}") from None
    available = storage.nbytes // dtype.itemsize
    # More elements than the storage holds: strides that show the same bytes again and again.
    if offset < 0 or offset + stored.span > available or math.prod(shape) > available:
        raise wrong(f"of shape {shape} does not fit into its storage of {available} elements")
    return stored

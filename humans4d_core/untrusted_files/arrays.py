"""Arrays in .npy and .npz files: plain numbers only, no larger than what stands in the file."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import ModelFileError
from ..shown_text import shown
from .regular_files import open_regular, read_regular
from .zip_directory import check_zip_directory

#: The largest array of SMPL's family has 40 MB, of a whole file 200 MB.
MAX_ARRAY_BYTES = 256 << 20
MAX_ARCHIVE_BYTES = 1 << 30
_MAX_HEADER_BYTES = 4096
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_DAMAGED = (OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError,
            zipfile.BadZipFile, zlib.error)  # fmt: skip


def read_npy(path: Path, max_bytes: int = MAX_ARRAY_BYTES) -> np.ndarray:
    """The array of a .npy file. Raises ModelFileError where it is none, or holds objects."""
    return parse_npy(read_regular(path, max_bytes, ModelFileError), str(path))


def read_npz(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays of a .npz file whose names are wanted, each checked by the archive's CRC-32.

    Raises ModelFileError where it is damaged, or an array holds objects or is too large.
    """
    found: dict[str, np.ndarray] = {}
    with open_regular(path, MAX_ARCHIVE_BYTES, ModelFileError) as file:
        try:
            check_zip_directory(path, file)
            with zipfile.ZipFile(file) as archive:
                entries = [i for i in archive.infolist() if _array_name(i) in wanted]
                total = sum(entry.file_size for entry in entries)
                largest = max((entry.file_size for entry in entries), default=0)
                if largest > MAX_ARRAY_BYTES or total > MAX_ARCHIVE_BYTES:
                    raise ModelFileError(
                        f"{shown(path)} holds arrays of {total / 1e6:,.0f} MB: it is too large for "
                        "a body"
                    )
                for entry in entries:
                    name = f"{path}, {entry.filename}"
                    found[_array_name(entry)] = parse_npy(_member(archive, entry), name)
        except _DAMAGED as error:
            raise ModelFileError(
                f"{shown(path)} cannot be read ({error}): it is damaged or holds no plain arrays"
            ) from None
    return found


def parse_npy(data: bytes, name: str) -> np.ndarray:
    """The array in the bytes of a .npy file; `name`: what messages call it."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _READERS:
            raise ValueError(f"version {version} of the format is not known")
        # The header is a Python literal, and Python's parser is not made for hostile ones.
        width = 2 if version == (1, 0) else 4
        if int.from_bytes(data[8 : 8 + width], "little") > _MAX_HEADER_BYTES:
            raise ValueError("its header is too long")
        shape, is_fortran, dtype = _READERS[version](stream)
        count = math.prod(shape)
        if dtype.kind not in "biufcSU" or dtype.subdtype is not None:
            raise ValueError(f"it holds {dtype} instead of numbers")
        if len(shape) > 32 or any(n < 0 for n in shape):
            raise ValueError(f"its shape is {shape}")
        if count * dtype.itemsize != len(data) - stream.tell():
            raise ValueError(f"its header claims {count} numbers, its bytes are others")
        array = np.frombuffer(data, dtype, count, stream.tell()).reshape(
            shape, order="F" if is_fortran else "C"
        )
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError, EOFError,
            OverflowError, tokenize.TokenError) as error:  # fmt: skip
        reason = str(error) or type(error).__name__
        raise ModelFileError(
            f"{shown(name)} holds no plain arrays ({shown(reason)}): it is damaged or another kind "
            "of file; nothing in it was run"
        ) from None
    return array


def _array_name(entry: zipfile.ZipInfo) -> str:
    return entry.filename.removesuffix(".npy")


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A member's bytes, no more than its header says."""
    with archive.open(entry) as file:
        data = file.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise ValueError(f"{shown(entry.filename)} has another size than the archive says")
    return data

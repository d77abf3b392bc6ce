"""Tensors that stand in a file: an index made from its headers, the numbers read when asked for.

A checkpoint is 2.7 GB and more, and carries tensors that nobody here wants. So files are not
loaded but indexed, and each wanted tensor goes from the disk straight into its final memory.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import torch

from ...errors import ModelFileError

_LARGEST = 1 << 48
#: Networks' weights are below 100; one flipped bit of an exponent makes 1e20 of them.
_LARGEST_WEIGHT = 1e6
_BLOCK_BYTES = 1 << 22
_MAX_DIMENSIONS = 8


@dataclass(frozen=True)
class Checked:
    """A range of a file's bytes, and the CRC-32 that the file says they have."""

    start: int
    nbytes: int
    crc32: int


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor stands in a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]  #: in elements
    start: int  #: byte of its first element
    checked: Checked | None = None  #: the bytes it is in; None: the file has no checksum for it

    def __post_init__(self) -> None:
        if not len(self.shape) == len(self.strides) <= _MAX_DIMENSIONS:
            raise ValueError("an impossible number of dimensions")
        numbers = (self.start, *self.shape, *self.strides)
        if not all(type(n) is int and 0 <= n <= _LARGEST for n in numbers):
            raise ValueError("an impossible shape")

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def span(self) -> int:
        """Elements from its first to its last, both included."""
        if 0 in self.shape:
            return 0
        steps = zip(self.shape, self.strides, strict=True)
        return 1 + sum((size - 1) * stride for size, stride in steps)


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of rows that follow each other without gaps.

    Raises ValueError for more dimensions than a tensor of weights has: the work grows as their
    square.
    """
    if len(shape) > _MAX_DIMENSIONS:
        raise ValueError("an impossible number of dimensions")
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


@dataclass
class TensorFile:
    """An open file of named tensors; a context manager."""

    path: Path
    file: BinaryIO
    layout: str  #: "torch" or "safetensors"
    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str] = field(default_factory=dict)  #: what else it says of itself
    _sound: set[Checked] = field(default_factory=set, repr=False)  # found to be as they should

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, name: str, dtype: torch.dtype | None = None) -> torch.Tensor:
        """A tensor of its own, contiguous, on the CPU; dtype None: as it is stored.

        Raises ModelFileError where the file ends too early, where its bytes do not have the
        checksum that the file gives them, or where a number is NaN, infinite, beyond the range of
        `dtype` or larger than any weight.
        """
        stored = self.tensors[name]
        flat = torch.empty(stored.span, dtype=stored.dtype)
        if stored.span:
            self.file.seek(stored.start)
            raw = memoryview(flat.view(torch.uint8).numpy().data)
            if self.file.readinto(raw) != len(raw):  # type: ignore[attr-defined]
                raise ModelFileError(f"{self.path} ends in the middle of {name}: copy it again")
            self._check_bytes(name, stored, raw)
        tensor = flat.as_strided(stored.shape, stored.strides).to(dtype or stored.dtype)
        tensor = tensor.contiguous()
        if tensor.dtype.is_floating_point and tensor.numel():
            self._check_numbers(name, tensor)
        return tensor

    def _check_bytes(self, name: str, stored: StoredTensor, raw: memoryview) -> None:
        """`raw`: the tensor's bytes, which need not be read again where they are all of them."""
        checked = stored.checked
        if checked is None or checked in self._sound:
            return
        if (checked.start, checked.nbytes) == (stored.start, len(raw)):
            crc32 = zlib.crc32(raw)
        else:
            crc32, left = 0, checked.nbytes
            self.file.seek(checked.start)
            while left > 0 and (block := self.file.read(min(left, _BLOCK_BYTES))):
                crc32 = zlib.crc32(block, crc32)
                left -= len(block)
        if crc32 != checked.crc32:
            raise ModelFileError(
                f"{self.path} is damaged: the bytes of {name} do not have the checksum that the "
                "file gives them; copy or download it again"
            )
        self._sound.add(checked)

    def _check_numbers(self, name: str, tensor: torch.Tensor) -> None:
        lowest, highest = (float(value) for value in tensor.aminmax())  # NaN stays NaN
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            kind = str(tensor.dtype).removeprefix("torch.")
            raise ModelFileError(
                f"{self.path}: {name} holds NaN, infinity or numbers beyond the range of {kind}: "
                "the file is damaged or not made for this precision"
            )
        if max(-lowest, highest) > _LARGEST_WEIGHT:
            raise ModelFileError(
                f"{self.path}: {name} holds {max(-lowest, highest):.3g}, which no network's weight "
                "is: the file is damaged"
            )

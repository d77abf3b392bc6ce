"""Tensors that stand in a file: an index made from its headers, the numbers read when asked for.

A checkpoint is 2.7 GB and more, and carries tensors that nobody here wants. So files are not
loaded but indexed, and each wanted tensor goes from the disk straight into its final memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import torch

from ..errors import ModelFileError

_LARGEST = 1 << 48
_MAX_DIMENSIONS = 8


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor stands in a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]  #: in elements
    start: int  #: byte of its first element

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

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, name: str, dtype: torch.dtype | None = None) -> torch.Tensor:
        """A tensor of its own, contiguous, on the CPU; dtype None: as it is stored.

        Raises ModelFileError where the file ends too early, or where a number is NaN, infinite or
        beyond the range of `dtype`.
        """
        stored = self.tensors[name]
        flat = torch.empty(stored.span, dtype=stored.dtype)
        if stored.span:
            self.file.seek(stored.start)
            raw = memoryview(flat.view(torch.uint8).numpy())
            if self.file.readinto(raw) != len(raw):
                raise ModelFileError(f"{self.path} ends in the middle of {name}: copy it again")
        tensor = flat.as_strided(stored.shape, stored.strides).to(dtype or stored.dtype)
        tensor = tensor.contiguous()
        if tensor.dtype.is_floating_point and not _is_finite(tensor):
            kind = str(tensor.dtype).removeprefix("torch.")
            raise ModelFileError(
                f"{self.path}: {name} holds NaN, infinity or numbers beyond the range of {kind}: "
                "the file is damaged or not made for this precision"
            )
        return tensor


def _is_finite(tensor: torch.Tensor) -> bool:
    # NaN and infinity survive a sum, and a sum makes no copy; it may overflow by itself, though.
    total = tensor.sum(dtype=torch.promote_types(tensor.dtype, torch.float32))
    return bool(total.isfinite() or tensor.isfinite().all())

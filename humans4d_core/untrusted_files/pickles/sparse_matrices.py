"""Sparse matrices as scipy pickles them, checked before anything is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SparseMatrix:
    """Values at rows and columns; equal places add up."""

    shape: tuple[int, int]
    rows: np.ndarray  #: (K,) int64
    columns: np.ndarray  #: (K,) int64
    values: np.ndarray  #: (K,)

    @classmethod
    def from_state(cls, layout: str, state: Mapping[str, Any]) -> SparseMatrix:
        """From the attributes of a scipy matrix; layout: "csc", "csr" or "coo".

        Raises ValueError where they contradict each other.
        """
        shape = state.get("_shape", state.get("shape"))
        if not (isinstance(shape, tuple) and len(shape) == 2
                and all(isinstance(n, (int, np.integer)) and n >= 0 for n in shape)):  # fmt: skip
            raise ValueError("a sparse matrix without a shape")
        values = _vector(state.get("data"), "iufb")
        if layout == "coo":
            rows, columns = state.get("coords") or (state.get("row"), state.get("col"))
            rows, columns = _vector(rows, "iu"), _vector(columns, "iu")
        else:
            minor, starts = _vector(state.get("indices"), "iu"), _vector(state.get("indptr"), "iu")
            counts = np.diff(starts)
            count = shape[layout == "csc"]
            # Compared before repeating: a wrong count must not become a huge array.
            if (len(counts) != count or (counts < 0).any() or starts[0] != 0
                    or starts[-1] != len(minor)):  # fmt: skip
                raise ValueError("a sparse matrix with wrong index pointers")
            major = np.repeat(np.arange(count), counts)
            rows, columns = (minor, major) if layout == "csc" else (major, minor)
        if not len(rows) == len(columns) == len(values):
            raise ValueError("a sparse matrix whose indices and values differ in number")
        for index, size in ((rows, shape[0]), (columns, shape[1])):
            if len(index) and not 0 <= index.min() <= index.max() < size:
                raise ValueError("a sparse matrix with indices outside its shape")
        return cls((int(shape[0]), int(shape[1])), rows, columns, values)

    def toarray(self) -> np.ndarray:
        """(rows, columns) of the values' type."""
        dense = np.zeros(self.shape, self.values.dtype)
        np.add.at(dense, (self.rows, self.columns), self.values)
        return dense


def _vector(value: Any, kinds: str) -> np.ndarray:
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype.kind not in kinds:
        raise ValueError("a sparse matrix without data or indices")
    return value if value.dtype.kind not in "iu" else value.astype(np.int64)

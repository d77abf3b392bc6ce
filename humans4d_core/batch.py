"""Structures of arrays: how N people travel from the network to the message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self

AnyBatch = TypeVar("AnyBatch", bound="Batch")


@dataclass(frozen=True)
class Batch:
    """A frozen dataclass of arrays that share a leading N: one row a person, track or region.

    Subclasses list their arrays as fields, (N, ...) each; fields that are batches themselves share
    the N, and other fields (a name, a number) hold for all rows. So N people travel as one value,
    without a Python object for each: `len` is N, `select` picks rows, `joined` puts batches
    together. Rows are views where numpy makes views.
    """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def select(self, index: np.ndarray | slice) -> Self:
        """The rows that a boolean mask (N,), indices (K,) or a slice picks, in its order."""
        changes = {
            f.name: value[index] if isinstance(value, np.ndarray) else value.select(index)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), (np.ndarray, Batch))
        }
        return replace(self, **changes)

    def with_rows(self, rows: np.ndarray, source: Self) -> Self:
        """A copy whose `rows` (K,) are those of `source`, K rows."""
        changes: dict[str, Any] = {}
        for f in fields(self):
            value, new = getattr(self, f.name), getattr(source, f.name)
            if isinstance(value, Batch):
                changes[f.name] = value.with_rows(rows, new)
            elif isinstance(value, np.ndarray):
                changes[f.name] = value.copy()
                changes[f.name][rows] = new
        return replace(self, **changes)


def joined(parts: Sequence[AnyBatch]) -> AnyBatch:
    """The rows of one or more batches of one kind, one after the other; what is no array is the
    first one's."""
    first = parts[0]
    if len(parts) == 1:
        return first
    changes = {}
    for f in fields(first):
        columns = [getattr(part, f.name) for part in parts]
        if isinstance(columns[0], np.ndarray):
            changes[f.name] = np.concatenate(columns)
        elif isinstance(columns[0], Batch):
            changes[f.name] = joined(columns)
    return replace(first, **changes)

"""Batches of rows as Parquet files: written piece by piece, read by column.

A column of vectors or matrices is a list of fixed size, row-major, so that pandas, polars and
DuckDB read the files as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...errors import Humans4dError, InputFileError
from ...shown_text import shown
from ...untrusted_files import check_regular

#: Rows that are collected before they are written.
ROWS_AT_ONCE = 20_000
#: Name -> (type, shape of a row's value).
Columns = Mapping[str, tuple[type, tuple[int, ...]]]


def require_pyarrow():
    """The module `pyarrow.parquet`. Raises Humans4dError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise Humans4dError(
            f"pyarrow cannot be imported ({error}), and it writes the tables: pip install "
            "'.[evaluate]' in the checkout"
        ) from None
    return pyarrow


class TableWriter:
    """Writes rows of `columns` to a new Parquet file; use with `with`.

    The file has its name once it is whole: until then it ends with `.part`.
    """

    def __init__(self, path: Path, columns: Columns):
        """Raises Humans4dError where the file cannot be written."""
        self._arrow = require_pyarrow()
        self.path, self._columns = Path(path), columns
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._waiting: list[Mapping[str, np.ndarray]] = []
        self._count = 0
        schema = self._arrow.schema([(name, self._type(*kind)) for name, kind in columns.items()])
        try:
            self._file = self._arrow.parquet.ParquetWriter(
                str(self._part), schema, compression="zstd"
            )
        except OSError as error:
            raise self._error(error) from None

    def write(self, rows: Mapping[str, np.ndarray]) -> None:
        """Arrays (N, ...) of all columns."""
        self._waiting.append(rows)
        self._count += len(next(iter(rows.values())))
        if self._count >= ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write what waits, and give the file its name."""
        self._flush()
        try:
            self._file.close()
            self._part.replace(self.path)
        except OSError as error:
            raise self._error(error) from None

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind, *exception) -> None:
        if kind is None:
            self.close()
            return
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._count:
            return
        arrays = [self._array(name, *kind) for name, kind in self._columns.items()]
        self._waiting, self._count = [], 0
        table = self._arrow.Table.from_arrays(arrays, schema=self._file.schema)
        try:
            self._file.write_table(table)
        except OSError as error:
            raise self._error(error) from None

    def _type(self, kind: type, shape: tuple[int, ...]):
        if kind is str:
            return self._arrow.string()
        plain = self._arrow.from_numpy_dtype(np.dtype(kind))
        return self._arrow.list_(plain, int(np.prod(shape))) if shape else plain

    def _array(self, name: str, kind: type, shape: tuple[int, ...]):
        value = np.concatenate([np.asarray(rows[name]) for rows in self._waiting])
        if kind is str:
            return self._arrow.array(value.tolist(), self._arrow.string())
        value = np.ascontiguousarray(value, kind)
        if not shape:
            return self._arrow.array(value)
        flat = self._arrow.array(value.reshape(-1))
        return self._arrow.FixedSizeListArray.from_arrays(flat, int(np.prod(shape)))

    def _error(self, error: OSError) -> Humans4dError:
        return Humans4dError(f"cannot write {shown(self.path)}: {error.strerror or error}")


def read_columns(path: Path, columns: Columns) -> dict[str, np.ndarray]:
    """Some columns of a file: name -> (N, ...). Raises InputFileError where it is another file."""
    arrow = require_pyarrow()
    check_regular(path)
    try:
        # One column at a time: hours of people are large, and Arrow's copy of them as well.
        with arrow.parquet.ParquetFile(str(path)) as file:
            return {
                name: _values(file.read(columns=[name]), name, *kind)
                for name, kind in columns.items()
            }
    except (arrow.ArrowException, OSError, KeyError, ValueError) as error:
        raise InputFileError(
            f"{shown(path)} is no table that `humans4d evaluate run` has written: "
            f"{shown(' '.join(str(error).split()), 200)}"
        ) from None


def _values(table, name: str, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    column = table.column(name).combine_chunks()
    if kind is str:
        return np.array(column.to_pylist(), object)
    if not shape:
        return column.to_numpy(zero_copy_only=False).astype(kind, copy=False)
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(kind, copy=False)
    return flat.reshape(-1, *shape)

"""What the names in a pickle may become: arrays, plain containers, or records that do nothing.

No name is looked up in any module. Each one that matters stands in a table here, beside the
function of ours that rebuilds its value from raw bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .chumpy_arrays import Chumpy
from .sparse_matrices import SparseMatrix

_DTYPE = re.compile(r"[<>|=]?([biufcSUO]\d{0,9}|\?)")


class Malformed(Exception):
    """The bytes are no pickle, or contradict themselves."""


class Refused(Exception):
    """The pickle names something that is not data."""


@dataclass(eq=False)
class Inert:
    """What a foreign object was made from; it has no behaviour."""

    type_name: str
    arguments: tuple = ()
    state: Any = None
    elements: list = field(default_factory=list)  #: what was appended to it
    mapping: dict = field(default_factory=dict)  #: what was set in it by key


@dataclass(eq=False)
class Pending:
    """An object announced by the pickle whose content comes with its state."""

    finish: Callable[[Any], Any]
    value: Any = None  #: what it is without a state
    memo_keys: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Global:
    """A name in a pickle. `make` builds a value of arguments; None: it is a label only."""

    type_name: str
    make: Callable[..., Any] | None

    @classmethod
    def of(cls, module: str, name: str, inert: bool) -> Global:
        """The record of a name; raises Refused for a foreign one unless `inert`."""
        type_name = f"{_MODULES.get(module, module)}.{name}"
        if type_name in _TABLE:
            return cls(type_name, _TABLE[type_name])
        if module == "chumpy" or module.startswith("chumpy."):
            return cls(type_name, lambda *_: Chumpy(type_name))
        if not inert:
            raise Refused(f"it names {type_name[:100]!r}")
        return cls(type_name, lambda *arguments: Inert(type_name, arguments))


def call(function: Any, arguments: Any) -> Any:
    """What the pickle wants from calling `function`."""
    if not isinstance(function, Global) or not isinstance(arguments, tuple):
        if isinstance(function, Inert) and isinstance(arguments, tuple):
            return Inert(f"result of {function.type_name[:200]}", arguments)
        raise Malformed("a call of something that cannot be called")
    if function.make is None:
        raise Malformed(f"a call of {function.type_name}")
    return function.make(*arguments)


def build(target: Any, state: Any) -> Any:
    """`target` with its state."""
    if isinstance(target, Pending):
        return target.finish(state)
    if isinstance(target, Chumpy):
        attributes = state[0] if isinstance(state, tuple) and state else state
        if not isinstance(attributes, dict):
            raise Malformed(f"{target.type_name} without attributes")
        target.attributes.update(attributes)
        return target
    if isinstance(target, Inert):
        target.state = state
        return target
    if isinstance(target, dict):
        return target  # Attributes on an ordered dictionary (torch's `_metadata`): nobody's data.
    raise Malformed(f"a state for {type(target).__name__}")


def weigh(value: Any, depth: int = 2) -> int:
    """About how many bytes rebuilding something from `value` can copy."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (tuple, list, set, frozenset, dict)) and depth:
        parts = value.values() if isinstance(value, dict) else value
        return 8 * len(value) + sum(weigh(part, depth - 1) for part in parts)
    return len(value) if isinstance(value, (str, bytes)) else 0


def items_of(target: Any, kind: type) -> Any:
    """The list or dictionary that the pickle adds to."""
    if isinstance(target, kind):
        return target
    if isinstance(target, Inert):
        return target.elements if kind is list else target.mapping
    raise Malformed(f"items for {type(target).__name__}")


def fill(target: dict, pairs: list) -> dict:
    """`target` with key, value, key, value... added; keys are scalars or flat tuples of them."""
    if len(pairs) % 2:
        raise Malformed("a key without a value")
    for key in pairs[::2]:
        # Hashing a nested tuple can take for ever (each level shared twice).
        parts = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(part, _KEYS) for part in parts):
            raise Malformed("a key that is not a number or a text")
    if len(target) + len(pairs) // 2 > _MAX_NUMBER_KEYS and not all(
        isinstance(key, str) for key in pairs[::2]
    ):
        # Whoever writes numbers can choose them so that their hashes collide: hours of work.
        raise Malformed(f"more than {_MAX_NUMBER_KEYS} keys that are no texts")
    target.update(zip(pairs[::2], pairs[1::2], strict=True))
    return target


#: An optimiser's state has as many as its network has tensors.
_MAX_NUMBER_KEYS = 5000
_KEYS = (str, bytes, int, float, np.generic, Inert, Global, type(None))


# numpy


def _dtype(code: Any, *_: Any) -> Pending:
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        raise Malformed("arrays of an unknown type")
    dtype = np.dtype(code)

    def finish(state: Any) -> np.dtype:
        # (version, byte order, subarray, names, fields, size, alignment, flags)
        if not isinstance(state, tuple) or len(state) < 5 or any(v is not None for v in state[2:5]):
            raise Malformed("arrays of structures")
        return dtype.newbyteorder(state[1])

    return Pending(finish, dtype)


def _array(raw: Any, dtype: Any, shape: Any, fortran: bool) -> Any:
    dtype = dtype.value if isinstance(dtype, Pending) else dtype
    if isinstance(raw, str):
        raw = raw.encode("latin-1")  # bytes of Python 2
    if not isinstance(dtype, np.dtype) or not isinstance(shape, tuple):
        raise Malformed("an array without a type or shape")
    if dtype.hasobject:
        return Inert("array of objects", (shape,), raw)
    if not isinstance(raw, bytes) or not all(type(n) is int and n >= 0 for n in shape):
        raise Malformed("an array without bytes or with a wrong shape")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise Malformed(f"an array of shape {shape} in {len(raw)} bytes")
    return np.ndarray(shape, dtype, raw, order="F" if fortran else "C")


def _ndarray(*_: Any) -> Pending:
    def finish(state: Any) -> Any:
        _version, shape, dtype, fortran, raw = state
        return _array(raw, dtype, shape, bool(fortran))

    return Pending(finish)


def _frombuffer(raw: Any, dtype: Any, shape: Any, order: Any) -> Any:
    return _array(raw, dtype, shape, order == "F")


def _scalar(dtype: Any, raw: Any) -> Any:
    array = _array(raw, dtype, (), False)
    return array[()] if isinstance(array, np.ndarray) else array


# scipy


def _sparse(layout: str) -> Callable[..., Pending]:
    def finish(state: Any) -> SparseMatrix:
        if not isinstance(state, dict):
            raise Malformed("a sparse matrix without content")
        return SparseMatrix.from_state(layout, state)

    return lambda *_: Pending(finish)


# Python


def _reconstructor(cls: Any, *_: Any) -> Any:
    return call(cls, ())


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Malformed("bytes in an unknown encoding")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    return b""


def _ordered_dict(pairs: Any = ()) -> dict:
    return fill({}, [item for key, value in pairs for item in (key, value)])


def _set(elements: Any = ()) -> set:
    return set(fill({}, [item for element in elements for item in (element, None)]))


_MODULES = {"copy_reg": "copyreg", "__builtin__": "builtins"}

_TABLE: dict[str, Callable[..., Any] | None] = {
    "numpy.ndarray": None,
    "numpy.dtype": _dtype,
    **{f"numpy.{core}.multiarray._reconstruct": _ndarray for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _frombuffer for core in ("core", "_core")},
    **{
        f"scipy.sparse.{prefix}{layout}.{layout}_{kind}": _sparse(layout)
        for layout in ("csc", "csr", "coo")
        for prefix in ("", "_")
        for kind in ("matrix", "array")
    },
    "copyreg._reconstructor": _reconstructor,
    "builtins.object": None,
    "builtins.bytes": _no_bytes,
    "builtins.set": _set,
    "builtins.frozenset": lambda *elements: frozenset(_set(*elements)),
    "collections.OrderedDict": _ordered_dict,
    "_codecs.encode": _encode,
}

"""Arrays of the chumpy library, as SMPL's original files hold them, without chumpy.

A chumpy array is an expression whose leaves hold numbers. The ones that stand in published body
files only rearrange numbers; they are evaluated here. Any other expression stays unevaluated,
which hurts only whoever needs its value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

_MAX_DEPTH = 32


@dataclass(eq=False)
class Chumpy:
    """A chumpy expression as it was pickled."""

    type_name: str
    attributes: dict[str, Any] = field(default_factory=dict)

    def toarray(self, depth: int = 0) -> np.ndarray:
        """Its value; raises ValueError where the expression is unknown, broken or endless."""
        if depth > _MAX_DEPTH:
            raise ValueError("a chumpy expression nested too deeply")
        evaluate = _EVALUATE.get(self.type_name.rpartition(".")[2])
        if evaluate is None:
            raise ValueError(f"an expression {self.type_name} that only chumpy can evaluate")
        try:
            return evaluate(self.attributes, depth + 1)
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(f"a broken {self.type_name} ({error})") from None


def _value(operand: Any, depth: int) -> np.ndarray:
    if isinstance(operand, Chumpy):
        return operand.toarray(depth)
    if isinstance(operand, (np.ndarray, np.generic, int, float)):
        return np.asarray(operand)
    raise ValueError(f"a chumpy array made of {type(operand).__name__}")


def _shape(value: Any) -> tuple[int, ...]:
    numbers = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    numbers = [numbers] if isinstance(numbers, int) else numbers
    if not isinstance(numbers, (tuple, list)) or not all(
        isinstance(n, (int, np.integer)) for n in numbers
    ):
        raise ValueError("a chumpy array of an unknown shape")
    return tuple(int(n) for n in numbers)


def _select(attributes: dict[str, Any], depth: int) -> np.ndarray:
    picked = _value(attributes["a"], depth).ravel()[_value(attributes["idxs"], depth)]
    shape = attributes.get("preferred_shape")
    return picked if shape is None else picked.reshape(_shape(shape))


def _transpose(attributes: dict[str, Any], depth: int) -> np.ndarray:
    axes = attributes.get("axes")
    return _value(attributes["a"], depth).transpose(None if axes is None else _shape(axes))


_EVALUATE = {
    "Ch": lambda attributes, depth: _value(attributes["x"], depth),
    "Select": _select,
    "Reshape": lambda a, depth: _value(a["a"], depth).reshape(_shape(a["newshape"])),
    "reshape": lambda a, depth: _value(a["a"], depth).reshape(_shape(a["newshape"])),
    "Ravel": lambda a, depth: _value(a["a"], depth).ravel(),
    "Transpose": _transpose,
    "transpose": _transpose,
}

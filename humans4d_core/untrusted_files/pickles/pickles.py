"""Reading pickles as data: nothing that a file names is ever imported, called or assigned to.

A pickle is a program for a stack machine. Python's own machine imports whatever the program names
and calls it; this one is written for body files and checkpoints and knows data only: numbers,
texts, containers, numpy arrays, scipy sparse matrices and chumpy arrays, each rebuilt here from
its raw bytes. Any other name is refused, or kept as an `Inert` record that does nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Literal

from ...errors import ModelFileError
from .. import read_regular
from .pickle_machine import PickleMachine
from .pickle_objects import Malformed, Refused

Foreign = Literal["refuse", "inert"]

#: SMPL's original files have 250 MB.
_MAX_BYTES = 1 << 30


def read_pickle(path: Path, foreign: Foreign = "refuse") -> Any:
    """The data in a pickle file; see `parse_pickle`."""
    data = read_regular(path, _MAX_BYTES, ModelFileError)
    return parse_pickle(data, str(path), foreign)


def parse_pickle(data: bytes, name: str, foreign: Foreign = "refuse") -> Any:
    """The data that a pickle holds, nothing in it executed.

    name: what error messages call it. foreign: what becomes of a class or function that is not
    plain data: "refuse" raises, "inert" keeps an `Inert` record (persistent ids too).
    Raises ModelFileError for a refused, broken, truncated or oversized pickle.
    """
    if not data:
        raise ModelFileError(f"{name} is empty: copy the file again")
    try:
        return PickleMachine(data, inert=foreign == "inert").run()
    except Refused as error:
        raise ModelFileError(
            f"{name} is refused: {error}; a model file holds data only, and nothing in this one "
            "was run"
        ) from None
    except MemoryError:
        raise ModelFileError(f"{name} asks for more memory than there is: no model file") from None
    except (Malformed, ValueError, TypeError, KeyError, IndexError, OverflowError,
            AttributeError, struct.error) as error:  # fmt: skip
        raise ModelFileError(
            f"{name} is not a readable pickle ({error}): it is truncated, damaged or another kind "
            "of file"
        ) from None

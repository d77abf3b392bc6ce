"""Names of tensors, as untrusted files give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import ModelFileError

_LONGEST = 200


def checked_name(path: Path, name: object) -> str:
    """A tensor's name as it is; ModelFileError for what cannot be one."""
    if not isinstance(name, str) or len(name) > _LONGEST or not name.isprintable():
        raise ModelFileError(f"{path} names its tensors in an unknown way: it is no checkpoint")
    return name


def some_of(names: Sequence[str], limit: int = 3) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")

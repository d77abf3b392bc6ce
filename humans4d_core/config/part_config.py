"""Configurations of parts: frozen dataclasses whose fields say what they mean and what they take.

A field made by `setting` carries its meaning, unit and range. The command line's options, the
node's parameters and the documentation are made from them; nothing of it is written twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from ..errors import Humans4dError
from ..shown_text import shown


@dataclass(frozen=True)
class SettingInfo:
    """What is known of a setting besides its name, type and default."""

    meaning: str  #: sentences for people
    low: float | int | None = None  #: smallest value
    high: float | int | None = None  #: largest value
    choices: tuple[str, ...] = ()  #: what a text may be; empty: anything
    live: bool = False  #: may change while images are processed, and holds from the next one on
    #: Its name among the node's parameters; "": the part's name, a dot, and the field's name;
    #: None: set in Python only, since its value is physics rather than taste.
    parameter: str | None = ""
    group: str = ""  #: under which the documentation lists it; "": that of its part
    #: Raises Humans4dError for a value that low, high and choices let through.
    check: Callable[[Any], None] | None = None


def setting(
    default: bool | int | float | str,
    meaning: str,
    low: float | int | None = None,
    high: float | int | None = None,
    **info: Any,
) -> Any:
    """A field of a PartConfig; the setting's type is that of the default. info: see SettingInfo."""
    return field(default=default, metadata={"info": SettingInfo(meaning, low, high, **info)})


def info_of(item: Any) -> SettingInfo:
    """What `setting` was told about a dataclass field."""
    return item.metadata["info"]


@dataclass(frozen=True)
class PartConfig:
    """What can be set on a part. Raises Humans4dError for a value of another type or range."""

    #: How messages call the part.
    part: ClassVar[str] = ""
    #: Error that a wrong value raises.
    error: ClassVar[type[Humans4dError]] = Humans4dError

    def __post_init__(self) -> None:
        for item in fields(self):
            if item.metadata:
                self.check(item.name, getattr(self, item.name))

    @classmethod
    def check(cls, name: str, value: Any) -> None:
        """Whether a field may have a value, whatever the others have."""
        item = cls.__dataclass_fields__[name]
        info = info_of(item)
        called = f"{cls.part} {name}".strip()
        try:
            _check_type(called, value, item.default)
            if info.choices and value not in info.choices:
                raise Humans4dError(
                    f"{called} is '{shown(value)}': give one of {', '.join(info.choices)}"
                )
            if info.low is not None and not info.low <= value <= info.high:
                kind = "a number above 0, " if info.low > 0 else ""
                raise Humans4dError(
                    f"{called} is {value:g}: give {kind}{info.low:g} to {info.high:g}"
                )
            if info.check is not None:
                info.check(value)
        except Humans4dError as reason:
            if isinstance(reason, cls.error):
                raise
            raise cls.error(str(reason)) from None


def _check_type(called: str, value: Any, default: Any) -> None:
    wanted = type(default)
    if wanted in (bool, str):
        if not isinstance(value, wanted):
            kind = "true or false" if wanted is bool else "a text"
            raise Humans4dError(f"{called} is {shown(repr(value))}: give {kind}")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Humans4dError(f"{called} is {shown(repr(value))}: give a number")
    if not math.isfinite(value):
        raise Humans4dError(f"{called} is {value:g}: give a finite number")
    if wanted is int and value != int(value):
        raise Humans4dError(f"{called} is {value:g}: give a whole number")

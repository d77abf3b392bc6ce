"""YAML as data: numbers, texts, lists, mappings, within bounds.

A YAML loader makes objects of tags, and lets a few anchors stand for any amount of data. Here the
parser's events become plain values one by one, tags are refused, and the work ends at a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import YAMLError

from ..errors import Humans4dError, InputFileError
from ..shown_text import shown
from .regular_files import read_regular

#: A recording of ten hours in 3600 files describes itself in 1 MB and 60,000 values.
MAX_BYTES = 4 << 20
MAX_VALUES = 100_000
MAX_DEPTH = 32

_INTEGER = re.compile(r"[-+]?\d{1,4000}")
_FLOAT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SPECIAL: dict[str, bool | float | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
}
_SPECIAL |= {text: True for text in ("true", "True", "TRUE")}
_SPECIAL |= {text: False for text in ("false", "False", "FALSE")}
_SPECIAL |= {text: float("nan") for text in (".nan", ".NaN", ".NAN")}
_SPECIAL |= {sign + text: float(sign + "inf") for sign in ("", "-") for text in (".inf", ".Inf")}


def read_yaml(
    path: Path, max_bytes: int = MAX_BYTES, error: type[Humans4dError] = InputFileError
) -> Any:
    """The value of a YAML file. Raises `error` as `read_regular` and `parse_yaml` do."""
    return parse_yaml(read_regular(path, max_bytes, error), str(path), error)


def parse_yaml(text: str | bytes, name: str, error: type[Humans4dError] = InputFileError) -> Any:
    """The value that a YAML text describes: None, bool, int, float, str, list or dict.

    name: what messages call it. Numbers are YAML 1.2's. Raises `error` where the text is not YAML,
    uses tags or merge keys, repeats a key, or stands for more than MAX_VALUES values.
    """
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        if len(text) > MAX_BYTES:
            raise _Refused(f"it has {len(text)} characters, more than {MAX_BYTES}")
        return _Builder(YAML(typ="safe").parse(text)).document()
    except (YAMLError, UnicodeError, _Refused, ValueError, RecursionError) as reason:
        raise error(f"{shown(name)} is not valid YAML: {_first_line(reason)}") from None


class _Refused(Exception):
    """YAML that no file of ours needs."""


class _Builder:
    """Values from the parser's events."""

    def __init__(self, events: Iterator[Any]):
        self._events = iter(events)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0

    def document(self) -> Any:
        for event in self._events:
            if isinstance(event, yaml_events.DocumentStartEvent):
                value = self._value(next(self._events), 0)
                break
        else:
            return None
        for event in self._events:
            if isinstance(event, yaml_events.DocumentStartEvent):
                raise _Refused("it holds more than one document")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _Refused(f"it is nested more than {MAX_DEPTH} deep")
        before = self._values
        self._spend(1)
        if isinstance(event, yaml_events.AliasEvent):
            if event.anchor not in self._anchors:
                raise _Refused(f"it refers to *{shown(event.anchor, 40)}, which it lacks")
            value, weight = self._anchors[event.anchor]
            self._spend(weight)
            return value
        if getattr(event, "tag", None) is not None and str(event.tag) not in _PLAIN_TAGS:
            raise _Refused(f"it uses the tag {shown(event.tag, 60)}; nothing in it was run")
        anchor = event.anchor
        if isinstance(event, yaml_events.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml_events.SequenceStartEvent):
            value = []
            while not isinstance(event := next(self._events), yaml_events.SequenceEndEvent):
                value.append(self._value(event, depth + 1))
        else:
            value = self._mapping(depth)
        if anchor:
            self._anchors[anchor] = value, self._values - before
        return value

    def _mapping(self, depth: int) -> dict:
        mapping: dict = {}
        while not isinstance(event := next(self._events), yaml_events.MappingEndEvent):
            key = self._value(event, depth + 1)
            if not isinstance(key, (str, int, float, bool, type(None))):
                raise _Refused("a key is no text and no number")
            if key == "<<":
                raise _Refused("it merges mappings")
            if key in mapping:
                raise _Refused(f"it repeats the key {shown(key, 60)}")
            mapping[key] = self._value(next(self._events), depth + 1)
        return mapping

    def _spend(self, count: int) -> None:
        self._values += count
        if self._values > MAX_VALUES:
            raise _Refused(f"it stands for more than {MAX_VALUES} values")


_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null",
                                                        "seq", "map")}  # fmt: skip


def _scalar(event: Any) -> Any:
    text = event.value
    if event.style or str(getattr(event, "tag", None)).endswith(":str"):
        return text
    if text in _SPECIAL:
        return _SPECIAL[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _first_line(reason: Exception) -> str:
    return shown(" ".join(str(reason).split()), 160)

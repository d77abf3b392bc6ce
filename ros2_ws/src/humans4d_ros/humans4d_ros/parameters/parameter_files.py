"""Parameter files, read before ROS reads them: what is wrong is one sentence, what is odd a note.

ROS's own reader says little about a bad file and nothing about a name that fits no node. Here the
file is walked as YAML's events: nothing is constructed or executed, and aliases, which make a
small file large, are refused as ROS refuses them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from humans4d_core.errors import Humans4dError
from humans4d_core.shown_text import shown
from humans4d_core.untrusted_files import read_regular

#: A parameter file has some kilobytes, and some levels: namespaces, node, groups of parameters.
MAX_BYTES, MAX_LEVELS, MAX_VALUES = 2**20, 16, 10_000
PARAMETERS = "ros__parameters"
_TAG = "tag:yaml.org,2002:"
_TAGS = {None, "!"} | {_TAG + name for name in ("str", "int", "float", "bool", "seq", "map")}
_LOADER = getattr(yaml, "CLoader", yaml.Loader)  # yaml.parse uses its parser only


class ParameterFileError(Humans4dError):
    """A parameter file that cannot be used."""


@dataclass
class ParameterFile:
    """What a file says: values as they are written, by the pattern of the nodes' names."""

    path: Path
    #: {"/**": {"max_rate": "5.0"}}; a sequence's value is "".
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  #: sentences for the user

    def add(self, keys: tuple[str, ...], value: str, line: int) -> None:
        """One value, with the keys that lead to it."""
        if PARAMETERS not in keys:
            raise ParameterFileError(
                f"{shown(self.path)}, line {line}: '{shown('.'.join(keys), 60)}' is below no "
                f"'{PARAMETERS}': a file says NODE: {PARAMETERS}: NAME: VALUE"
            )
        at = keys.index(PARAMETERS)
        node = "/" + "/".join(part for key in keys[:at] for part in key.split("/") if part)
        name = ".".join(keys[at + 1 :])
        values = self.sections.setdefault(node, {})
        if name in values:
            self.notes.append(
                f"{shown(self.path)}, line {line}: '{shown(name, 60)}' is there twice, the last "
                "one holds"
            )
        values[name] = value


def read_parameter_file(path: Path | str) -> ParameterFile:
    """Raises ParameterFileError, with the line where there is one."""
    text = read_regular(path, MAX_BYTES, ParameterFileError)
    file = ParameterFile(Path(path))
    try:
        _walk(yaml.parse(text, Loader=_LOADER), file)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise ParameterFileError(f"{shown(path)}{where} is no YAML: {shown(what)}") from None
    if not any(file.sections.values()):
        file.notes.append(f"{shown(path)} sets no parameters")
    return file


def _walk(events, file: ParameterFile) -> None:
    """Follow mappings down to their values. `levels`: each mapping's current key, None: a key is
    next, or a sequence."""
    levels: list[str | None] = []
    kinds: list[bool] = []  # of each level: whether it is a mapping
    count = 0
    for event in events:
        line = event.start_mark.line + 1
        _refuse_what_ros_refuses(event, file.path, line)
        in_sequence = False in kinds
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            if levels and kinds[-1] and levels[-1] is None:
                raise _error(file.path, line, "a key is no text")
            if in_sequence or not (levels or is_mapping):
                raise _error(file.path, line, "a list holds values only, and a file a mapping")
            if len(levels) == MAX_LEVELS:
                raise _error(file.path, line, f"nested more than {MAX_LEVELS} deep")
            if not is_mapping:
                file.add(_keys(levels), "", line)
            levels.append(None)
            kinds.append(is_mapping)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            levels.pop()
            kinds.pop()
            if levels:
                levels[-1] = None
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            if count > MAX_VALUES:
                raise _error(file.path, line, f"more than {MAX_VALUES} values")
            if not levels:
                if event.value:
                    raise _error(file.path, line, "no mapping of nodes to their parameters")
            elif kinds[-1] and levels[-1] is None:
                levels[-1] = event.value
            elif kinds[-1]:
                file.add(_keys(levels), event.value, line)
                levels[-1] = None


def _keys(levels: list[str | None]) -> tuple[str, ...]:
    return tuple(key for key in levels if key is not None)


def _refuse_what_ros_refuses(event, path: Path, line: int) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _error(path, line, "an alias (*), which ROS does not read in parameter files")
    tag = getattr(event, "tag", None)
    if tag not in _TAGS:
        raise _error(path, line, f"the tag {shown(tag, 60)}, which parameters cannot have")


def _error(path: Path, line: int, what: str) -> ParameterFileError:
    return ParameterFileError(f"{shown(path)}, line {line}: {what}")

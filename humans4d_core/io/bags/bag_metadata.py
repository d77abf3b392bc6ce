"""A rosbag2's metadata.yaml: which files the bag has and how they are packed, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files import check_regular, read_yaml

METADATA = "metadata.yaml"
_NEWEST_VERSION = 9
_STORAGES = ("mcap", "sqlite3")
_MAX_FILES = 20_000
_REPAIR = "`ros2 bag reindex` writes it anew"


@dataclass(frozen=True)
class BagMetadata:
    """What is needed to open a bag's files."""

    files: tuple[Path, ...]
    storage: str  #: "mcap" or "sqlite3"
    compression: str  #: "", "message" or "file"; always zstd
    message_count: int  #: as it says, which may be wrong


def read_metadata(folder: Path) -> BagMetadata:
    """The checked metadata.yaml of a bag; InputFileError names what is missing or wrong."""
    path = folder / METADATA
    content = read_yaml(path)
    fields = content.get("rosbag2_bagfile_information") if isinstance(content, dict) else None
    if not isinstance(fields, dict):
        raise InputFileError(f"{path} does not describe a rosbag2: {_REPAIR}")
    reader = _Fields(path, fields)
    version = reader.number("version", lowest=1, highest=2**31)
    if version > _NEWEST_VERSION:
        raise InputFileError(f"{path} is of a rosbag2 newer than this reader: version {version}")
    for key, part in (("duration", "nanoseconds"), ("starting_time", "nanoseconds_since_epoch")):
        reader.within(key).number(part, lowest=-(2**63))
    for index, topic in enumerate(reader.value("topics_with_message_count", list)):
        name = f"topics_with_message_count {index + 1}"
        if not isinstance(topic, dict):
            raise reader.wrong(name, topic, "a topic")
        _Fields(path, topic, f"{name}, ").number("message_count")
    storage = reader.value("storage_identifier", str)
    if storage not in _STORAGES:
        raise InputFileError(
            f"{path}: storage '{shown(storage, 60)}' is not {', '.join(_STORAGES)}"
        )
    return BagMetadata(
        _files(folder, reader.value("relative_file_paths", list), reader),
        storage,
        _compression(path, fields),
        reader.number("message_count"),
    )


class _Fields:
    """The fields of a mapping, with errors that name them."""

    def __init__(self, path: Path, fields: Mapping[str, Any], within: str = ""):
        self._path = path
        self._fields = fields
        self._within = within

    def value(self, key: str, kind: type) -> Any:
        value = self._fields.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            words = {list: "a list", str: "a text", int: "a number", dict: "a mapping"}
            raise self.wrong(key, value, words[kind])
        return value

    def number(self, key: str, lowest: int = 0, highest: int = 2**63 - 1) -> int:
        value = self.value(key, int)
        if not lowest <= value <= highest:
            raise self.wrong(key, value, f"a number from {lowest} to {highest}")
        return value

    def within(self, key: str) -> _Fields:
        return _Fields(self._path, self.value(key, dict), f"{key}, ")

    def wrong(self, key: str, value: Any, expected: str) -> InputFileError:
        found = "missing" if value is None else f"'{shown(_brief(value), 60)}'"
        return InputFileError(
            f"{self._path}: {self._within}{key} is {found} instead of {expected}: {_REPAIR}"
        )


def _brief(value: Any) -> str:
    """A value for a message; a container of any size is only named."""
    if isinstance(value, (list, dict)):
        return type(value).__name__
    # Python refuses to write very long numbers out.
    return "a huge number" if isinstance(value, int) and value.bit_length() > 300 else str(value)


def _files(folder: Path, names: list, reader: _Fields) -> tuple[Path, ...]:
    if not 0 < len(names) <= _MAX_FILES or not all(isinstance(name, str) for name in names):
        raise reader.wrong("relative_file_paths", names, f"a list of 1 to {_MAX_FILES} names")
    # Old versions name the folder too. A bag's files stand in its folder, whatever it says.
    files = tuple(folder / PurePosixPath(name).name for name in names)
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise InputFileError(
            f"{folder} lacks {len(missing)} of the {len(files)} files that its {METADATA} names "
            f"({shown(missing[0])}): {_REPAIR} for those that are there"
        )
    for file in files:
        check_regular(file)
    return files


def _compression(path: Path, fields: Mapping[str, Any]) -> str:
    mode, format = fields.get("compression_mode") or "", fields.get("compression_format") or ""
    mode = mode.lower() if isinstance(mode, str) else mode
    if mode in ("", "none"):
        return ""
    if mode not in ("message", "file") or format != "zstd":
        raise InputFileError(
            f"{path}: compression '{shown(format, 40)}' of '{shown(mode, 40)}' is not known: zstd "
            "of each message or file is"
        )
    return mode

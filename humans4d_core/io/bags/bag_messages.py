"""Messages of a rosbag2, decoded without ROS.

A bag carries its own message definitions, and reading by them means compiling what an unknown
file says. So only known definitions are used: those of a ROS 2 distribution, and the .msg files
that the caller names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from ...errors import InputFileError
from ...shown_text import shown
from .bag_reader import SUFFIXES, BagReader
from .cut_off_mcap import begins_as_mcap


def message_typestore(*packages: Path):
    """Message types of ROS 2, and of packages given by their folder (with msg/*.msg in it)."""
    # The types used here are the same, hash for hash, from Humble to Kilted.
    typestore = get_typestore(Stores.ROS2_JAZZY)
    types = {}
    for package in packages:
        for definition in sorted(Path(package, "msg").glob("*.msg")):
            name = f"{Path(package).resolve().name}/msg/{definition.stem}"
            types.update(get_types_from_msg(definition.read_text(encoding="utf-8"), name))
    typestore.register({k: v for k, v in types.items() if k not in typestore.types})
    return typestore


def open_bag(path: Path) -> BagReader:
    """An open rosbag2: a folder with metadata.yaml or one storage file, or such a file.

    An mcap file without its end is read as far as it is whole: the reader's `notes` tell.
    """
    file = _storage(Path(path))
    try:
        return BagReader(file)
    except Exception as error:
        if (reader := _open_cut_off(file)) is not None:
            return reader
        if isinstance(error, InputFileError):
            raise InputFileError(f"{path} is not a rosbag2 that can be read: {error}") from None
        # Whatever a damaged file makes the parser raise, the user's next step is the same.
        raise InputFileError(
            f"{path} is not a rosbag2 that can be read ({_reason(error)}): `ros2 bag reindex` or "
            "`mcap recover` may repair a recording that was cut off"
        ) from None


def _open_cut_off(folder: Path) -> BagReader | None:
    """The folder's one mcap file without its end, whatever metadata.yaml says of it."""
    try:
        (file,) = _storage_files(folder)
        reader = BagReader(file) if begins_as_mcap(file) else None
    except Exception:  # not even that: the first error is the one to tell
        return None
    if reader is not None and not reader.is_cut_off:
        reader.close()
        return None
    return reader


def is_bag(path: Path) -> bool:
    """By name: a folder with metadata.yaml or storage files, or a storage file."""
    if path.is_dir():
        return (path / "metadata.yaml").exists() or bool(_storage_files(path))
    return path.suffix in SUFFIXES


def raw_messages(
    reader: BagReader, connections: Collection[Connection], path: Path
) -> Iterator[tuple[Connection, int, bytes]]:
    """(connection, log time ns, CDR bytes) in order of log time; InputFileError where damaged."""
    messages = reader.messages(connections)
    while True:
        try:
            message = next(messages)
        except StopIteration:
            return
        except InputFileError:
            raise
        except Exception as error:
            raise InputFileError(f"{path} is damaged ({_reason(error)})") from None
        yield message


def read_messages(
    path: Path, topics: Collection[str] = (), typestore=None
) -> Iterator[tuple[str, int, object]]:
    """(topic, log time ns, message) of a rosbag2 in order of log time, one at a time.

    topics: only these (none named: all); a name that the bag lacks is no error. typestore: from
    `message_typestore`. Raises InputFileError where the bag or a type cannot be read.
    """
    typestore = typestore or message_typestore()
    reader = open_bag(path)
    try:
        connections = [c for c in reader.connections if not topics or c.topic in topics]
        if not connections:
            return
        for connection, log_ns, data in raw_messages(reader, connections, path):
            yield connection.topic, log_ns, decode(typestore, connection, data, path)
    finally:
        reader.close()


def decode(typestore, connection: Connection, data: bytes, path: Path):
    """CDR bytes -> message, InputFileError where its type is unknown or its bytes do not fit."""
    if connection.msgtype not in typestore.types:
        raise InputFileError(
            f"{path}: type {shown(connection.msgtype)} of {shown(connection.topic)} is unknown: "
            "name the package that defines it"
        )
    try:
        return typestore.deserialize_cdr(data, connection.msgtype)
    except Exception as error:
        raise InputFileError(
            f"{path}: a message on {shown(connection.topic)} cannot be decoded ({_reason(error)})"
        ) from None


def join_stamp(stamp: Any) -> int:
    """A Time message -> nanoseconds."""
    return int(stamp.sec * 1_000_000_000 + stamp.nanosec)


def _storage(path: Path) -> Path:
    if not path.is_dir() or (path / "metadata.yaml").exists():
        return path
    files = _storage_files(path)
    if len(files) != 1:
        raise InputFileError(
            f"{path} holds {len(files)} bag files but no metadata.yaml: `ros2 bag reindex` writes "
            "it, or name one file"
        )
    return files[0]


def _storage_files(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.suffix in SUFFIXES)
    except OSError as error:
        raise InputFileError(f"cannot read folder {path}: {error.strerror}") from None


def _reason(error: Exception) -> str:
    return shown(" ".join(str(error).split()).rstrip(".") or type(error).__name__)

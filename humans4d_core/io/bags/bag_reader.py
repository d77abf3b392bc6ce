"""An open rosbag2: one storage file, or the files that a folder's metadata.yaml names."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2.storage_mcap import McapReader

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files import check_regular
from .bag_compression import MAX_UNPACKED_BYTES, unpack_file, unpack_zstd
from .bag_metadata import METADATA, read_metadata
from .bag_sqlite import SqliteStorage
from .cut_off_mcap import CutOffMcap, begins_as_mcap

SUFFIXES = {".mcap": "mcap", ".db3": "sqlite3"}


class BagReader:
    """Topics and messages of a bag. Times are log times, ns.

    What the files hold counts, not what metadata.yaml says of them. Raises InputFileError.
    """

    def __init__(self, path: Path):
        self.notes: list[str] = []  #: sentences for the user about what was found
        self.is_open = True
        self._compressed_messages = False
        self._storages: list[McapStorage | SqliteStorage] = []
        try:
            if path.is_dir():
                self._open_folder(path)
            else:
                self._open_file(path, SUFFIXES.get(path.suffix, "unknown"))
            self._merge()
        except BaseException:
            self.close()
            raise

    @property
    def is_cut_off(self) -> bool:
        """Whether a file lacks its end."""
        return any(getattr(storage, "is_cut_off", False) for storage in self._storages)

    def close(self) -> None:
        self.is_open = False
        for storage in self._storages:
            storage.close()

    def messages(
        self, connections: Collection[Connection] = ()
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """(connection, log time ns, CDR bytes), file by file, in order of log time in each.

        connections: of `self.connections`; none means all.
        """
        wanted = {(c.topic, c.msgtype): c for c in connections or self.connections}
        for connection in wanted.values():
            assert isinstance(connection.ext, ConnectionExtRosbag2)
            if connection.ext.serialization_format != "cdr":
                raise InputFileError(
                    f"{shown(connection.topic)} is serialized as "
                    f"'{shown(connection.ext.serialization_format, 40)}': only cdr can be read"
                )
        for storage in self._storages:
            chosen = [c for c in storage.connections if (c.topic, c.msgtype) in wanted]
            if not chosen:
                continue
            for connection, time_ns, data in storage.messages(chosen):
                if self._compressed_messages:
                    data = _unpacked(data, storage, connection)
                yield wanted[connection.topic, connection.msgtype], time_ns, data

    def _open_folder(self, path: Path) -> None:
        metadata = read_metadata(path)
        self._compressed_messages = metadata.compression == "message"
        for file in metadata.files:
            if metadata.compression == "file":
                self._open_packed(file, metadata.storage)
            else:
                self._open_file(file, metadata.storage)
        found = sum(c.msgcount for storage in self._storages for c in storage.connections)
        if found != metadata.message_count:
            self.notes.append(
                f"{METADATA} counts {metadata.message_count} messages, the bag's files hold {found}"
            )

    def _open_packed(self, file: Path, storage: str) -> None:
        # An open file needs no name: unpacked files are gone however this process ends.
        with tempfile.TemporaryDirectory(prefix="humans4d-bag-") as folder:
            unpacked = Path(folder, file.stem)
            unpack_file(file, unpacked)
            self._open_file(unpacked, storage)

    def _open_file(self, path: Path, storage: str) -> None:
        if storage == "unknown":
            raise InputFileError(f"{path.name} ends in none of {', '.join(SUFFIXES)}")
        opened = SqliteStorage(path) if storage == "sqlite3" else McapStorage(path)
        self._storages.append(opened)
        self.notes += opened.notes

    def _merge(self) -> None:
        """One connection for a topic and type, whichever files and publishers it came from."""
        merged: dict[tuple[str, str], Connection] = {}
        for storage in self._storages:
            # The publishers of one file stand beside each other, those of the next are the same.
            here: dict[tuple[str, str], Connection] = {}
            for connection in storage.connections:
                _add(here, connection, every_publisher=True)
            for connection in here.values():
                _add(merged, connection, every_publisher=False)
        self.connections = [
            connection._replace(id=number) for number, connection in enumerate(merged.values(), 1)
        ]
        self.message_count = sum(connection.msgcount for connection in self.connections)
        ranges = [found for storage in self._storages if (found := storage.time_range)]
        self.start_time = min((first for first, _ in ranges), default=0)
        self.end_time = max((last for _, last in ranges), default=-1) + 1

    @property
    def duration(self) -> int:
        """Nanoseconds from the first message to the last, and one; 0 where there is none."""
        return self.end_time - self.start_time


def _add(
    merged: dict[tuple[str, str], Connection], connection: Connection, every_publisher: bool
) -> None:
    key = (connection.topic, connection.msgtype)
    if before := merged.get(key):
        assert isinstance(before.ext, ConnectionExtRosbag2)
        assert isinstance(connection.ext, ConnectionExtRosbag2)
        lists = (before.ext.offered_qos_profiles, connection.ext.offered_qos_profiles)
        quality = [*lists[0], *lists[1]] if every_publisher else max(lists, key=len)
        connection = before._replace(
            msgcount=before.msgcount + connection.msgcount,
            ext=before.ext._replace(offered_qos_profiles=quality),
        )
    merged[key] = connection


def _unpacked(data: bytes, storage: McapStorage | SqliteStorage, connection: Connection) -> bytes:
    try:
        return unpack_zstd(data, MAX_UNPACKED_BYTES)
    except InputFileError as error:
        raise InputFileError(
            f"{storage.path}, a message on {shown(connection.topic)}: {error}"
        ) from None


def _open_mcap(path: Path) -> McapReader:
    try:
        whole = McapReader(path)
        whole.open()
        return whole
    except Exception:
        if not begins_as_mcap(path):
            raise
        try:
            cut_off = CutOffMcap(path)
            cut_off.open()
            return cut_off
        except Exception:  # not even that: the first error is the one to tell
            pass
        raise


class McapStorage:
    """One .mcap file through rosbags, with its index checked."""

    def __init__(self, path: Path):
        size = check_regular(path)
        self.path = path
        self.notes: list[str] = []
        self._reader = _open_mcap(path)
        self.is_cut_off = False
        if isinstance(self._reader, CutOffMcap):
            self.is_cut_off = True
            self.notes.append(self._reader.note)
        self.connections = list(self._reader.connections)
        end = 0
        for chunk in sorted(self._reader.chunks, key=lambda c: c.chunk_start_offset):
            # Chunks that lie over each other would be read again and again.
            if (
                chunk.chunk_start_offset < end
                or chunk.chunk_start_offset + chunk.chunk_length > size
            ):
                self.close()
                raise InputFileError(f"{path} is damaged: its index contradicts itself")
            end = chunk.chunk_start_offset + chunk.chunk_length
            if chunk.uncompressed_size > MAX_UNPACKED_BYTES:
                self.close()
                raise InputFileError(
                    f"{path} has a chunk of {chunk.uncompressed_size / 1e6:,.0f} MB, more than "
                    f"{MAX_UNPACKED_BYTES / 1e6:,.0f} MB: it is no recording"
                )

    @property
    def time_range(self) -> tuple[int, int] | None:
        metadata = self._reader.metadata
        return (metadata.start_time, metadata.end_time - 1) if metadata.message_count else None

    def messages(
        self, connections: Collection[Connection]
    ) -> Iterator[tuple[Connection, int, bytes]]:
        return self._reader.messages(connections)

    def close(self) -> None:
        self._reader.close()

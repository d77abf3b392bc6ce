"""The sqlite3 files of rosbag2, read only, with what still stands in their write-ahead log.

A database is a program's input of its own kind: views and virtual tables run for ever, pages that
point to each other hold endless rows. Only plain tables are read, under a budget of instructions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
)

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files import check_regular
from .bag_compression import MAX_UNPACKED_BYTES
from .bag_quality import offered_quality

_TABLES = ("topics", "messages")
_BESIDE = ("-wal", "-shm", "-journal")
_MAX_TOPICS = 10_000
#: Instructions of SQLite's machine for counting and sorting: about 20 a message, so 100 million
#: messages, and for a small file no more than it can hold.
_MAX_INSTRUCTIONS = 2_000_000_000
_INSTRUCTIONS_PER_BYTE = 8
_FREE_INSTRUCTIONS = 10_000_000
_STEP = 100_000


class SqliteStorage:
    """One .db3 file; `connections` are its topics with the messages counted.

    Raises InputFileError for a file that is damaged, or whose log cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self.connections: list[Connection] = []
        self.notes: list[str] = []  #: sentences for the user
        self._size = check_regular(path)
        self._database = self._connect()
        try:
            self._refill()
            self._check_tables()
            self.connections = self._read_topics()
        except sqlite3.Error as error:
            self.close()
            raise self._damaged(error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._database.close()

    @property
    def time_range(self) -> tuple[int, int] | None:
        """Log times of the first and last message, ns; None where there is none."""
        self._refill()
        try:
            first, last = self._database.execute(
                "SELECT min(timestamp), max(timestamp) FROM messages"
            ).fetchone()
        except sqlite3.Error as error:
            raise self._damaged(error) from None
        return (first, last) if isinstance(first, int) and isinstance(last, int) else None

    def messages(
        self, connections: Collection[Connection]
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """(connection, log time ns, bytes) in order of log time; InputFileError where damaged."""
        by_topic = {connection.id: connection for connection in connections}
        wanted = ",".join("?" * len(by_topic))
        self._refill()
        # Sorting moves numbers only: the bytes are fetched one message at a time.
        rows = self._database.execute(
            f"SELECT rowid, topic_id, timestamp, length(data), typeof(data) FROM messages "
            f"WHERE topic_id IN ({wanted}) ORDER BY timestamp",
            list(by_topic),
        )
        left = sum(connection.msgcount for connection in connections)
        try:
            for row, topic, time_ns, size, kind in rows:
                left -= 1
                if left < 0:
                    raise InputFileError(f"{self.path} is damaged: its messages repeat themselves")
                if not isinstance(time_ns, int) or kind != b"blob":
                    raise InputFileError(
                        f"{self.path} is damaged: message {row} has no time or no bytes"
                    )
                if size > min(self._size, MAX_UNPACKED_BYTES):
                    raise InputFileError(f"{self.path} is damaged: message {row} has {size} bytes")
                self._refill(_FREE_INSTRUCTIONS // 10)
                (data,) = self._database.execute(
                    "SELECT data FROM messages WHERE rowid = ?", (row,)
                ).fetchone()
                yield by_topic[topic], time_ns, data
        except (sqlite3.Error, TypeError) as error:
            raise self._damaged(error) from None

    def _connect(self) -> sqlite3.Connection:
        beside = {suffix: Path(f"{self.path}{suffix}") for suffix in _BESIDE}
        sizes = {suffix: check_regular(file) for suffix, file in beside.items() if file.exists()}
        uri = self.path.absolute().as_uri()
        if sizes.get("-wal"):
            # Messages stand in the log. SQLite reads it where it can make its index beside it.
            self._size += sizes["-wal"]
            uri += "?mode=ro"
        else:
            uri += "?immutable=1"
        if sizes.get("-journal"):
            self.notes.append(
                f"{shown(self.path.name)} was being changed when its writer stopped "
                f"({shown(beside['-journal'].name)} is left): it is read as it stands"
            )
        try:
            database = sqlite3.connect(uri, uri=True, check_same_thread=False)
            database.text_factory = bytes
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute("PRAGMA cell_size_check=ON")
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            if sizes.get("-wal"):
                raise InputFileError(
                    f"{self.path} has messages in its write-ahead log, which cannot be read "
                    f"({error}): copy the whole folder to where you may write, or run `sqlite3 "
                    f"{self.path.name} 'PRAGMA wal_checkpoint(TRUNCATE)'`"
                ) from None
            raise self._damaged(error) from None
        return database

    def _refill(self, instructions: int | None = None) -> None:
        """A fresh budget for the next statement; None: what a file of this size can need."""
        if instructions is None:
            instructions = _FREE_INSTRUCTIONS + _INSTRUCTIONS_PER_BYTE * self._size
        steps = iter(range(min(instructions, _MAX_INSTRUCTIONS) // _STEP))
        self._database.set_progress_handler(lambda: next(steps, None) is None, _STEP)

    def _check_tables(self) -> None:
        rows = self._database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' "
            "AND name IN ('topics', 'messages') LIMIT 10"
        )
        tables = {name for (name,) in rows}
        missing = [name for name in _TABLES if name.encode() not in tables]
        if missing:
            raise InputFileError(
                f"{self.path} is no rosbag2: it has no plain table of {' and '.join(missing)}"
            )

    def _read_topics(self) -> list[Connection]:
        columns = {row[1] for row in self._database.execute("PRAGMA table_info(topics)")}
        quality = "offered_qos_profiles" if b"offered_qos_profiles" in columns else "''"
        topics = self._database.execute(
            f"SELECT id, name, type, serialization_format, {quality} FROM topics ORDER BY id "
            f"LIMIT {_MAX_TOPICS + 1}"
        ).fetchall()
        if len(topics) > _MAX_TOPICS:
            raise InputFileError(f"{self.path} has more than {_MAX_TOPICS} topics")
        self._refill()
        counts = dict(
            self._database.execute(
                "SELECT topic_id, count(*) FROM messages GROUP BY topic_id LIMIT 100000"
            ).fetchall()
        )
        return [self._connection(row, counts) for row in topics]

    def _connection(self, row: tuple, counts: dict[Any, int]) -> Connection:
        number, *texts = row
        try:
            name, kind, format, quality = (text.decode("utf-8") for text in texts)
        except (AttributeError, UnicodeError):
            raise InputFileError(
                f"{self.path} is damaged: topic {number} has no text for a name or type"
            ) from None
        return Connection(
            number,
            name,
            kind,
            MessageDefinition(MessageDefinitionFormat.NONE, ""),
            "",
            counts.get(number, 0),
            ConnectionExtRosbag2(format, offered_quality(quality)),
            None,
        )

    def _damaged(self, error: Exception) -> InputFileError:
        if "interrupted" in str(error):
            return InputFileError(
                f"{self.path} takes more work than a file of its size can need: it is no recording"
            )
        return InputFileError(f"{self.path} is damaged ({error})")

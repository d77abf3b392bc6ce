"""A rosbag2 (mcap) that can be read whatever ends its recorder.

Messages are collected in chunks. A chunk reaches the file as a whole, or not at all: a full disk
leaves all chunks before it, and the bag is then closed in order. A recorder that is killed loses
the chunk at hand only; how old that gets is for the caller to say, by `flush`.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rosbags.rosbag2 import CompressionMode, StoragePlugin, Writer
from rosbags.rosbag2.storage_mcap import MAXSIZE, McapWriter


class _WholeWrites(io.FileIO):
    """Unbuffered, so that a write that has not failed has reached the system."""

    def write(self, data) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        while len(left):
            left = left[super().write(left) :]
        return size


class _WholeChunks(McapWriter):
    """rosbags' mcap file, of which no part of a chunk is written."""

    def __init__(self, path: Path, compression: CompressionMode):
        super().__init__(path, compression)
        self.bio.close()
        self.bio = _WholeWrites(self.path, "r+")
        self.bio.seek(0, io.SEEK_END)
        self._written: dict[int, int] = {}

    @property
    def has_messages(self) -> bool:
        return bool(self.chunk.msgs)

    def close_chunk(self) -> None:
        start, chunk = self.bio.tell(), self.chunk
        try:
            super().close_chunk()
        except OSError:
            self.bio.truncate(start)
            self.bio.seek(start)
            self.chunk = type(chunk)(MAXSIZE, 0, io.BytesIO(), type(chunk.msgs)(list))
            raise
        for channel, messages in chunk.msgs.items():
            self._written[channel] = self._written.get(channel, 0) + len(messages)

    def written(self) -> tuple[dict[int, int], int, int]:
        """Messages by channel, first and last log time in the file; its statistics are these."""
        spans = [struct.unpack_from("<QQ", chunk.getbuffer()) for chunk in self.chunks]
        spans = [span for span in spans if span[0] <= span[1]]
        self.message_start_time = min((first for first, _ in spans), default=MAXSIZE)
        self.message_end_time = max((last for _, last in spans), default=0)
        self.channel_stats = {key: self._written.get(key, 0) for key in self.channel_stats}
        return self._written, self.message_start_time, self.message_end_time


class BagWriter(Writer):
    """rosbags' writer, for one mcap file in a new folder."""

    STORAGE_PLUGINS: ClassVar = {StoragePlugin.MCAP: _WholeChunks}

    def __init__(self, path: Path):
        super().__init__(path, version=9, storage_plugin=StoragePlugin.MCAP)

    def open(self) -> None:
        """Make the folder and the file in it; leaves nothing behind where that fails (OSError)."""
        try:
            super().open()
        except OSError:
            with suppress(OSError):
                (self.path / f"{self.path.name}.mcap").unlink(missing_ok=True)
                self.path.rmdir()
            raise

    def flush(self) -> None:
        """Hand all messages so far to the system. Raises OSError, as `write` does; the messages
        since the last chunk are then lost."""
        if self.storage.has_messages:
            self.storage.close_chunk()

    def close(self) -> None:
        """Write the index and metadata.yaml. Raises OSError where there is no room for them: the
        chunks stay, which `mcap recover` and humans4d's own reader read without."""
        failure = None
        try:
            self.flush()
        except OSError as error:
            failure = error  # the index may still fit
        self._count_what_is_written()
        storage, end = self.storage, self.storage.bio.tell()
        try:
            super().close()
        except OSError as error:
            failure = error
            self.metapath.with_suffix(".yaml.tmp").unlink(missing_ok=True)
            if self.storage is not None:  # else the mcap file itself is whole
                storage.bio.truncate(end)
                self.abort()
        if failure is not None:
            raise failure

    def _count_what_is_written(self) -> None:
        counts, self.min_timestamp, self.max_timestamp = self.storage.written()
        self.counts = {
            connection.id: counts.get(connection.id, 0) for connection in self.connections
        }

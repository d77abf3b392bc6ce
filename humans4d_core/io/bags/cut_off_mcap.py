"""An mcap file without its end: the recorder was killed, or its disk was full.

    header ─ chunk ─ index ─ chunk ─ index ─ ... ─ half a record        (no summary, no footer)

Chunks stand for themselves: each is read whose bytes are all there. rosbags asks the summary for
where they are; here the file is walked from its beginning instead.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from pathlib import Path
from zlib import crc32

from lz4.frame import LZ4FrameDecompressor
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.storage_mcap import ChunkInfo, McapReader

try:
    from compression import zstd  # Python 3.14
except ImportError:
    from backports import zstd

MAGIC = b"\x89MCAP0\r\n"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 1, 2, 3, 4, 5, 6, 15
#: Bytes of a chunk, of a definition: writers make chunks of a few megabytes, or of one message.
MAX_CHUNK, MAX_DEFINITION = 2**30, 2**24
_DECOMPRESSORS = {"lz4": LZ4FrameDecompressor, "zstd": zstd.ZstdDecompressor}


class CutOffMcap(McapReader):
    """Reads what is whole; its messages come in order of log time, as from a whole file."""

    left_out = 0  #: bytes at the end that are no whole record

    def _open(self) -> None:
        assert self.bio is not None  # open() calls this
        size = os.fstat(self.bio.fileno()).st_size
        if self.bio.read(len(MAGIC)) != MAGIC:
            raise ReaderError("File magic is invalid.")
        self.data_start = self.data_end = len(MAGIC)
        loose = 0
        while (record := self._next_record(size)) is not None:
            kind, length = record
            if kind == CHUNK:
                chunk = self._chunk(self.data_end, length)
                if chunk is None:
                    break
                self.chunks.append(chunk)
            loose += kind == MESSAGE
            self.data_end += 9 + length
        if not loose and not any(chunk.channel_count for chunk in self.chunks):
            raise ReaderError("it holds no whole chunk")
        self.left_out = size - self.data_end
        self.meta_scan()
        counts = self.statistics
        assert counts is not None  # meta_scan() counted
        self.connections = [
            c._replace(msgcount=counts.channel_message_counts.get(c.id, 0))
            for c in self.connections
        ]
        self.metadata = self.metadata._replace(
            duration=counts.end_time - counts.start_time + 1,
            start_time=counts.start_time,
            end_time=counts.end_time + 1,
            message_count=counts.message_count,
        )

    @property
    def note(self) -> str:
        """What the user should know: how much is there."""
        return (
            f"{self.path} has no index (its recorder was killed, or its disk was full): what is "
            f"whole is read, {self.metadata.message_count} messages of "
            f"{self.metadata.duration / 1e9:.1f} s; {self.left_out} bytes at the end are left out"
        )

    def _next_record(self, size: int) -> tuple[int, int] | None:
        """Kind and length of the record at `data_end`; None where the whole ones end."""
        self.bio.seek(self.data_end)
        head = self.bio.read(9)
        if len(head) < 9:
            return None
        kind, length = struct.unpack("<BQ", head)
        if not HEADER <= kind < DATA_END or kind == FOOTER or self.data_end + 9 + length > size:
            return None
        if kind in (SCHEMA, CHANNEL) and length > MAX_DEFINITION:
            return None
        if kind == MESSAGE and length < 22:
            return None
        return kind, length

    def _chunk(self, start: int, length: int) -> ChunkInfo | None:
        """A chunk whose content is sound; the file is behind the record's head."""
        head = self.bio.read(32)
        if len(head) < 32:
            return None
        first, last, content_size, checksum, name_size = struct.unpack("<QQQII", head)
        if content_size > MAX_CHUNK or name_size > 16 or length < 40 + name_size:
            return None
        name = self.bio.read(name_size).decode("ascii", "replace")
        (data_size,) = struct.unpack("<Q", self.bio.read(8))
        if data_size != length - 40 - name_size:
            return None
        content = _decompressed(self.bio.read(data_size), name, content_size)
        if content is None or (checksum and crc32(content) != checksum):
            return None
        counts = _message_counts(content)
        if counts is None:
            return None
        return ChunkInfo(
            first, last, start, 9 + length, {}, 0, name, data_size, content_size, dict(counts)
        )


def begins_as_mcap(path: Path) -> bool:
    """Whether a file begins as mcap files do."""
    if path.suffix != ".mcap" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _decompressed(data: bytes, name: str, size: int) -> bytes | None:
    """Content of exactly `size` bytes; never makes more than that."""
    if name in _DECOMPRESSORS:
        try:
            data = _DECOMPRESSORS[name]().decompress(data, size + 1)
        except Exception:  # three libraries' own kinds of errors
            return None
    elif name:
        return None
    return data if len(data) == size else None


def _message_counts(content: bytes) -> Counter[int] | None:
    """Messages by channel; None where the records do not fill the chunk exactly."""
    counts: Counter[int] = Counter()
    position = 0
    while position + 9 <= len(content):
        kind, length = struct.unpack_from("<BQ", content, position)
        if kind not in (SCHEMA, CHANNEL, MESSAGE) or (kind == MESSAGE and length < 22):
            return None
        position += 9 + length
        if position > len(content):
            return None
        if kind == MESSAGE:
            counts[struct.unpack_from("<H", content, position - length)[0]] += 1
    return counts if position == len(content) else None

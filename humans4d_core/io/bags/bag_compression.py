"""Compressed parts of bags, unpacked within bounds: a few kilobytes can stand for any amount."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from lz4.frame import LZ4FrameDecompressor
from rosbags.rosbag2 import storage_mcap

from ...errors import InputFileError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: The largest message or chunk: an 8192x4096 picture of four 16-bit samples has 268 MB.
MAX_UNPACKED_BYTES = 1 << 29
#: A recording whose images are all black is smaller by a few hundred; the rest is slack.
_MAX_FILE_RATIO = 1000
_FILE_SLACK_BYTES = 1 << 30
_BLOCK_BYTES = 1 << 20
#: Room on the disk that a bag must leave to the rest of the machine.
_KEPT_FREE_BYTES = 1 << 30


def unpack_zstd(data: bytes, limit: int = MAX_UNPACKED_BYTES) -> bytes:
    """The content of zstd data, which may be several frames.

    Raises InputFileError where it is damaged or has more than `limit` bytes.
    """
    parts, left = [], limit
    while True:
        decompressor = zstd.ZstdDecompressor()
        try:
            part = decompressor.decompress(data, left + 1)
        except zstd.ZstdError as error:
            raise InputFileError(f"zstd data is damaged ({error})") from None
        _check_whole(len(part), left, decompressor.eof, limit, "zstd")
        parts.append(part)
        left -= len(part)
        data = decompressor.unused_data
        if not data:
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpack_lz4(data: bytes, limit: int = MAX_UNPACKED_BYTES) -> bytes:
    decompressor = LZ4FrameDecompressor()
    part = decompressor.decompress(data, limit + 1)
    _check_whole(len(part), limit, decompressor.eof, limit, "lz4")
    return part


def _check_whole(size: int, left: int, at_end: bool, limit: int, kind: str) -> None:
    if size > left:
        raise InputFileError(f"{kind} data unpacks to more than {limit / 1e6:,.0f} MB")
    if not at_end:
        raise InputFileError(f"{kind} data is cut off")


def unpack_file(source: Path, target: Path) -> None:
    """Unpack a zstd file. Raises InputFileError where it is damaged, grows beyond what recordings
    do, or would fill the disk."""
    size = source.stat().st_size
    limit = size * _MAX_FILE_RATIO + _FILE_SLACK_BYTES
    room = shutil.disk_usage(target.parent).free - _KEPT_FREE_BYTES
    try:
        with zstd.open(source, "rb") as packed, target.open("wb") as file:
            written = 0
            while block := packed.read(_BLOCK_BYTES):
                written += len(block)
                if written > limit:
                    raise InputFileError(
                        f"{source} has {size / 1e6:,.1f} MB and unpacks to more than "
                        f"{limit / 1e6:,.0f} MB: it is no recording"
                    )
                if written > room:
                    raise InputFileError(
                        f"{source} does not fit into {target.parent} when it is unpacked: free "
                        "the disk, set TMPDIR, or unpack it with `zstd -d`"
                    )
                file.write(block)
    except (zstd.ZstdError, EOFError) as error:
        raise InputFileError(f"{source} is damaged ({error})") from None


# rosbags unpacks the chunks of an mcap without a bound; the table of its unpackers is replaced.
storage_mcap.DECOMPRESSORS.update(
    {
        "zstd": lambda data, size: unpack_zstd(data, min(size, MAX_UNPACKED_BYTES)),
        "lz4": lambda data, size: _unpack_lz4(data, min(size, MAX_UNPACKED_BYTES)),
    }
)

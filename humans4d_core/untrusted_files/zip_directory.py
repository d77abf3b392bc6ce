"""How large a zip archive's table of contents may be, asked before anybody reads it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelFileError
from ..shown_text import shown

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_LOCATOR_64 = b"PK\x06\x07"
_LONGEST_COMMENT = 1 << 16
#: Some 40,000 members of 46 bytes and a name; a checkpoint has one for each tensor.
_MAX_DIRECTORY_BYTES = 4 << 20


def check_zip_directory(path: Path, file: BinaryIO) -> None:
    """Raise ModelFileError where an archive's table of contents is larger than any of ours.

    Python reads the table at once, into objects ten times as large. A file without an end is left
    to Python's reader, which says so.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_COMMENT - 22))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return
    (nbytes,) = struct.unpack_from("<I", tail, at + 12)
    locator = tail[max(at - 20, 0) : at]
    if locator[:4] == _LOCATOR_64:
        (offset,) = struct.unpack_from("<Q", locator, 8)
        file.seek(min(offset, size))
        head = file.read(56)
        file.seek(0)
        if head[:4] != _END_64 or len(head) < 56:
            return
        (nbytes,) = struct.unpack_from("<Q", head, 40)
    if nbytes > _MAX_DIRECTORY_BYTES:
        raise ModelFileError(
            f"{shown(path)} has a table of contents of {nbytes / 1e6:,.0f} MB, more than any model "
            "file: the file is not trusted"
        )

"""Text files line by line, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import Humans4dError, InputFileError
from ..shown_text import shown
from .regular_files import open_regular

#: Boxes of five people at 30 images a second for ten hours have 240 MB.
MAX_BYTES = 512 << 20
_MAX_LINE_BYTES = 1 << 16


def read_lines(
    path: Path, what: str, max_bytes: int = MAX_BYTES, error: type[Humans4dError] = InputFileError
) -> Iterator[str]:
    """The lines of a UTF-8 file without their ends; `what` the file should be, for messages.

    Raises `error` where it is no regular file, too large, or no text of lines.
    """
    with open_regular(path, max_bytes, error) as file:
        while raw := file.readline(_MAX_LINE_BYTES + 1):
            if len(raw) > _MAX_LINE_BYTES:
                raise error(
                    f"{shown(path)} is {what}: a line has more than {_MAX_LINE_BYTES} bytes"
                )
            try:
                yield raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise error(f"{shown(path)} is {what}") from None

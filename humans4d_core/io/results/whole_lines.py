"""Text files that hold whole lines at every moment, also where the disk is full."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ...errors import Humans4dError
from ...shown_text import shown


class LineFile:
    """A new text file in UTF-8 that takes whole lines; use with `with`.

    Whoever follows the file sees whole lines. Raises Humans4dError where it cannot be written:
    lines of which only a part found room are then taken back.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        # A FIFO that nobody reads would block; with a reader it is as good as a file.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o666)
            os.set_blocking(self._descriptor, True)
        except OSError as error:
            raise self._error(error) from None
        self._size = 0

    def write(self, lines: str) -> None:
        data = memoryview(lines.encode("utf-8"))
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise self._error(error) from None
        self._size += done

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                os.close(descriptor)
            except OSError as error:  # network disks tell only now
                raise self._error(error) from None

    def __enter__(self):
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _error(self, error: OSError) -> Humans4dError:
        return Humans4dError(f"cannot write {shown(self.path)}: {error.strerror}")

"""Outputs beside the main one, whose failure ends nothing but themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ...errors import Humans4dError
from ...shown_text import shown


class Writer(Protocol):
    """What is written to, and closed at the end."""

    def write(self, *arguments) -> None: ...

    def close(self) -> None: ...


class SideOutput:
    """A writer that is given up at its first failure, with a note; use with `with`."""

    def __init__(self, path: Path, open_writer: Callable[[], Writer]):
        self.path = path
        self.notes: list[str] = []  #: what the writer says, and why it was given up
        self.has_failed = False
        self._writer: Writer | None = None
        self._guarded(self._open, open_writer)

    def write(self, *arguments) -> None:
        """The writer's own `write`; nothing any more once something has failed."""
        if self._writer is not None:
            self._guarded(self._writer.write, *arguments)

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self.notes += getattr(writer, "notes", [])
            self._guarded(writer.close)

    def give_up(self, reason: object) -> bool:
        """Make room for what matters more: the file is removed. False: there was nothing to."""
        if self.has_failed or self._writer is None:
            return False
        self._fail(reason)
        if self.path.is_file():
            self.path.unlink()
        return True

    def __enter__(self) -> SideOutput:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _open(self, open_writer: Callable[[], Writer]) -> None:
        self._writer = open_writer()

    def _guarded(self, action: Callable[..., None], *arguments) -> None:
        try:
            action(*arguments)
        except Exception as error:  # whatever it is, the main output goes on
            self._fail(str(error) if isinstance(error, Humans4dError) else shown(repr(error)))

    def _fail(self, reason: object) -> None:
        if not self.has_failed:
            self.has_failed = True
            self.notes.append(f"{shown(self.path)} is left out or incomplete: {reason}")
        self.close()

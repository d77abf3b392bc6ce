"""Opening files that a user, a bag or a parameter names.

A name may lead to a FIFO, which blocks whoever opens it, to a device, which never ends or acts when
it is opened, or to a file larger than the machine. Only regular files are opened; a link to one is
as good as the file.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import Humans4dError, InputFileError
from ..shown_text import shown

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_regular(
    path: Path | str,
    max_bytes: int | None = None,
    error: type[Humans4dError] = InputFileError,
) -> int:
    """The size in bytes of a regular file, which is not opened.

    max_bytes: the most that a sound file of its kind has. Raises `error` where `path` is missing,
    anything but a regular file, or larger.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as reason:  # a name with a zero byte is a ValueError
        raise _unreadable(path, reason, error) from None
    _check(path, status, max_bytes, error)
    return status.st_size


def open_regular(
    path: Path | str,
    max_bytes: int | None = None,
    error: type[Humans4dError] = InputFileError,
) -> BinaryIO:
    """A regular file, open for reading bytes; never waits for another process.

    Raises `error` as `check_regular` does.
    """
    # Opening a device can act (a watchdog, a tape): what the name leads to is looked at first, and
    # again once it is open, when nobody can exchange it any more.
    check_regular(path, max_bytes, error)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as reason:
        raise _unreadable(path, reason, error) from None
    try:
        _check(path, os.fstat(descriptor), max_bytes, error)
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(
    path: Path | str, max_bytes: int, error: type[Humans4dError] = InputFileError
) -> bytes:
    """All bytes of a regular file, at most the size it has when it is opened.

    Files of /proc, which say that they are empty and may never end, are empty here.
    Raises `error` as `check_regular` does.
    """
    with open_regular(path, max_bytes, error) as file:
        try:
            return file.read(os.fstat(file.fileno()).st_size)
        except OSError as reason:
            raise _unreadable(path, reason, error) from None


def _check(path, status: os.stat_result, max_bytes: int | None, error) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "no file")
        raise error(f"{shown(path, 1000)} is {kind}: a regular file is needed")
    if max_bytes is not None and status.st_size > max_bytes:
        raise error(
            f"{shown(path, 1000)} is too large: {status.st_size / 1e6:,.1f} MB, and at most "
            f"{max_bytes / 1e6:,.1f} MB are read"
        )


def _unreadable(path, reason: Exception, error) -> Humans4dError:
    text = getattr(reason, "strerror", None) or reason
    return error(f"{shown(path, 1000)} cannot be read: {text}")

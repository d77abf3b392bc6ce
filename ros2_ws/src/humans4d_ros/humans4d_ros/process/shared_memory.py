"""Shared memory that a killed process of ours left behind is given back at the next start.

Fast DDS keeps each process's messages in segments in /dev/shm, 70 MB with our profile, and removes
them when the process ends; after SIGKILL nobody does. Whose they are cannot be seen from outside,
so each process writes down which it has made, by name and inode, and removes at its start those of
records whose process is gone. It is gone when its lock on its record is: the kernel takes that away
with the process, and it counts in every container that shares the folder. Fast DDS holds a lock of
the same kind on each segment's file NAME_el, which must be free as well. Ports, which processes
share under numbers, are left to Fast DDS: it takes dead ones over.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/dev/shm")
PREFIX = "humans4d_"
#: Fast DDS 3, and 2. The lock's file has the same name and `_el`.
SEGMENT = re.compile(r"fast(?:dds|rtps)_[0-9a-f]{16}")
#: Records are a few hundred bytes.
MOST_BYTES = 65536


class SharedMemoryRecord:
    """What this process has in shared memory, written down until `close`."""

    def __init__(self, say: Callable[[str], None] = lambda _: None, folder: Path = FOLDER):
        """To be made when the process has its nodes. `say` is told how much was given back."""
        self._path: Path | None = None
        with suppress(OSError):  # no such folder, or a full one: nothing depends on it
            if freed := give_back(folder):
                say(f"gave back {freed / 2**20:.0f} MB of shared memory that killed processes left")
            segments = own_segments(folder)
            if segments:
                self._write(folder, segments)

    def close(self) -> None:
        """The segments are gone: Fast DDS has removed them."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._path = None

    def _write(self, folder: Path, segments: dict[str, int]) -> None:
        self._file, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
        self._path = Path(name)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lines = [f"{name} {inode}\n" for name, inode in segments.items()]
        os.write(self._file, "".join(lines).encode())


def own_segments(folder: Path = FOLDER) -> dict[str, int]:
    """Names and inodes of the segments whose locks this process has open."""
    segments = {}
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            lock = Path(os.readlink(link))
            name = lock.name.removesuffix("_el")
            if lock.parent == folder and name != lock.name and SEGMENT.fullmatch(name):
                segments[name] = (folder / name).stat().st_ino
    return segments


def give_back(folder: Path = FOLDER) -> int:
    """Remove the segments of processes of ours that are gone; the bytes that they took."""
    freed = 0
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):  # somebody else's, or one that lives
            freed += _give_back_of(path, folder)
    return freed


def _give_back_of(path: Path, folder: Path) -> int:
    """Raises OSError where the record is not ours or its process lives, ValueError where it is none
    at all."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        about = os.fstat(file)
        if about.st_uid != os.geteuid() or not stat.S_ISREG(about.st_mode):
            return 0
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        text = os.read(file, MOST_BYTES)
        if not text:  # a process that is just about to write it
            return 0
        freed = 0
        for line in text.decode("ascii").splitlines():
            name, inode = line.split()
            with suppress(FileNotFoundError):
                freed += _remove(folder, name, int(inode))
        path.unlink()
        return freed
    finally:
        os.close(file)


def _remove(folder: Path, name: str, inode: int) -> int:
    segment, lock = folder / name, folder / f"{name}_el"
    if not SEGMENT.fullmatch(name) or segment.lstat().st_ino != inode:
        return 0
    file = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while its process lives
        size = segment.lstat().st_blocks * 512
        segment.unlink()
        lock.unlink()
        return size
    finally:
        os.close(file)

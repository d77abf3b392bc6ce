"""Names of files for FFmpeg, which reads some names as protocols, patterns or options.

"10:30.mp4", "concat:a|b" and "http:x" are addresses to it, and OpenCV wants names to be UTF-8. The
system's name of an open file or folder is none of these, and leads to the very file that was
looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_OPEN_FILES = Path("/proc/self/fd")


def name_of_open_file(file: BinaryIO) -> str:
    """For reading, as long as `file` is open."""
    if _OPEN_FILES.is_dir():
        return f"{_OPEN_FILES}/{file.fileno()}"
    return f"file:{os.path.abspath(file.name)}"


def name_in_open_folder(descriptor: int, path: Path) -> str:
    """For writing `path`, whose folder is open as `descriptor`; the name ends as `path` does."""
    if _OPEN_FILES.is_dir():
        return f"{_OPEN_FILES}/{descriptor}/{path.name}"
    return f"file:{os.path.abspath(path)}"

"""What every input has in common, and OpenCV kept quiet while it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from ..types import Frame

#: Frames a second of images that carry no time.
ASSUMED_FRAME_RATE = 30.0

# OpenCV 5 moved the log level into a module of its own.
_opencv_logging = getattr(cv2.utils, "logging", cv2)


class Source(ABC):
    """Frames of one input, read one at a time: iterate once, then close (or use `with`).

    Opening one raises InputFileError, CameraError or ImageError with a sentence for the user.
    """

    kind: str  #: "video", "images" or "bag"

    def __init__(self, path: Path):
        self.path = path
        self.frame_rate = (
            ASSUMED_FRAME_RATE  #: frames a second; of a bag the median of its first images
        )
        self.frame_count: int | None = None  #: what the header says, which may be wrong
        self.camera_origin = ""  #: where the camera comes from, for people to read
        self.skipped = 0  #: images that could not be read or used so far; frame numbers count them
        self.notes: list[str] = []  #: sentences for the user: assumptions and losses

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:  # noqa: B027, most have nothing to give back
        """Give the file back."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


@contextmanager
def quiet_opencv():
    """Errors come as our own sentence; OpenCV's lines on stderr say it again, worse."""
    level = _opencv_logging.getLogLevel()
    _opencv_logging.setLogLevel(0)
    try:
        yield
    finally:
        _opencv_logging.setLogLevel(level)

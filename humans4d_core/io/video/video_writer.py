"""Videos out, through OpenCV's FFmpeg, which says nothing when it cannot write."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import cv2
import numpy as np

from ...errors import Humans4dError
from ...shown_text import shown
from ..source import quiet_opencv
from .ffmpeg_names import name_in_open_folder
from .video_header import count_mp4_pictures

#: MPEG-4 takes 8191 pixels; even, as players like it.
MOST_PIXELS = 8190


class VideoWriter:
    """Writes images (H, W, 3) uint8 BGR as an mp4; use with `with`.

    The first image sets the size; later ones of another size are fitted into it, black around.
    Images wider or higher than MPEG-4 can are made smaller. Raises Humans4dError where the file
    cannot be made, and when it is closed and is not whole; what there is of it is then removed.
    """

    def __init__(self, path: Path, frame_rate: float):
        self.path = Path(path)
        self.notes: list[str] = []  #: what was done to the images, for the user
        # MPEG-4 counts time in 16 bits: two decimals fit, more may not.
        self._frame_rate = round(min(max(frame_rate, 0.1), 600.0), 2)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._count = 0

    def write(self, image_bgr: np.ndarray) -> None:
        height, width = image_bgr.shape[:2]
        if self._writer is None:
            self._size = self._video_size(width, height)
            self._writer = self._open()
        if (width, height) != self._size:
            image_bgr = _fit(image_bgr, *self._size)
        self._writer.write(image_bgr)
        self._count += 1

    def close(self) -> None:
        """Raises Humans4dError where less than was written is in the file."""
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        if _pictures(self.path) == self._count:
            return
        reason = _why_not_whole(self.path)
        self.path.unlink(missing_ok=True)
        raise Humans4dError(f"{shown(self.path)} could not be written to its end: {reason}")

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _video_size(self, width: int, height: int) -> tuple[int, int]:
        scale = min(MOST_PIXELS / max(width, height), 1.0)
        # OpenCV leaves out the last column and row of odd sizes.
        size = (max(round(width * scale), 2), max(round(height * scale), 2))
        if scale < 1:
            self.notes.append(
                f"{shown(self.path.name)} is made {size[0]}x{size[1]}: its format takes at most "
                f"{MOST_PIXELS} pixels a side, not {width}x{height}"
            )
        return size

    def _open(self) -> cv2.VideoWriter:
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        try:
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise Humans4dError(f"cannot write {shown(self.path)}: {error.strerror}") from None
        try:
            name = name_in_open_folder(folder, self.path)
            with quiet_opencv():
                writer = cv2.VideoWriter(name, codec, self._frame_rate, self._size)
        except (cv2.error, UnicodeError, SystemError):
            writer = None
        finally:
            os.close(folder)
        if writer is None or not writer.isOpened():
            width, height = self._size
            raise Humans4dError(
                f"OpenCV cannot write {shown(self.path)} as a {width}x{height} mp4: "
                f"{_why_not_whole(self.path)}"
            )
        return writer


def _pictures(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return count_mp4_pictures(file)
    except (OSError, struct.error):
        return -1


def _why_not_whole(path: Path) -> str:
    """What the system says when more is written to the file."""
    try:
        with path.open("ab", buffering=0) as file:
            file.write(bytes(1 << 16))
    except OSError as error:
        return error.strerror or str(error)
    return "FFmpeg says no more"


def _fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if size == (width, height):
        return resized
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = resized
    return canvas

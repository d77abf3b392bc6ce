"""Videos in and out, through OpenCV's FFmpeg."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import Humans4dError, InputFileError
from ..types import Frame
from .camera_choice import CameraChoice
from .source import Source, check_readable, quiet_opencv

# FFmpeg writes to stderr on its own ("moov atom not found"); -8 is AV_LOG_QUIET.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

#: A header that says more frames a second than this says nothing (webm without a rate: 1000).
MAX_FRAME_RATE = 999.0


class VideoSource(Source):
    """A video file. Stamps start at 0 and follow the file's own times.

    frame_rate (frames a second) replaces the file's times. The size is that of the first frame
    that can be decoded, whatever the header says.
    """

    kind = "video"

    def __init__(
        self,
        path: Path,
        camera: CameraChoice | None = None,
        frame_rate: float | None = None,
    ):
        super().__init__(path)
        self._choice = camera or CameraChoice()
        self._capture, self._first_image = _open_video(path)
        header_rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._stamps_from_rate = frame_rate is not None
        if frame_rate is not None:
            self.frame_rate = frame_rate
        elif 0 < header_rate < MAX_FRAME_RATE:
            self.frame_rate = header_rate
        else:
            self._stamps_from_rate = True
            self.notes.append(
                f"{path.name} does not say its frame rate: {self.frame_rate:g} frames a second "
                "assumed, --fps sets it"
            )
        announced = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # Broken headers give NaN, negative and absurd counts.
        self.frame_count = int(announced) if 0 < announced < 1e9 else None
        height, width = self._first_image.shape[:2]
        self._choice.camera(width, height)
        self.camera_origin = self._choice.origin

    def __iter__(self) -> Iterator[Frame]:
        image, camera, stamp_ns, index = self._first_image, None, 0, 0
        start_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        self._first_image = None
        while image is not None:
            if camera is None or image.shape[:2] != (camera.height, camera.width):
                camera = self._choice.camera(image.shape[1], image.shape[0])
            yield Frame(image, stamp_ns, camera)
            with quiet_opencv():
                image = _read(self._capture)
            index += 1
            stamp_ns = self._stamp_ns(index, start_ms, stamp_ns)
        if self.frame_count is not None and index < self.frame_count - 1:
            self.notes.append(
                f"{self.path.name} announces {self.frame_count} frames but only {index} could be "
                "read: it is probably cut off"
            )

    def _stamp_ns(self, index: int, start_ms: float, previous_ns: int) -> int:
        if self._stamps_from_rate:
            return round(index * 1e9 / self.frame_rate)
        elapsed_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC) - start_ms
        if math.isfinite(elapsed_ms) and round(elapsed_ms * 1e6) > previous_ns:
            return round(elapsed_ms * 1e6)
        return previous_ns + round(1e9 / self.frame_rate)

    def close(self) -> None:
        self._capture.release()


def _open_video(path: Path) -> tuple[cv2.VideoCapture, np.ndarray]:
    check_readable(path)
    if _is_text(path):
        # FFmpeg would draw it as terminal output, one picture after the other.
        raise InputFileError(f"{path} is a text file, not a video")
    has_ffmpeg = cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG)
    with quiet_opencv():
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG if has_ffmpeg else cv2.CAP_ANY)
        image = _read(capture)
    if image is None:
        capture.release()
        raise InputFileError(
            f"{path} is not a video that can be read: it is cut off, damaged or of another type"
        )
    return capture, image


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(1024)
    return all(byte >= 32 or byte in b"\t\n\r\x1b" for byte in head) and b"\x7f" not in head


def _read(capture: cv2.VideoCapture) -> np.ndarray | None:
    try:
        found, image = capture.read()
    except cv2.error:
        return None
    return image if found and image is not None and image.size else None


class VideoWriter:
    """Writes images (H, W, 3) uint8 BGR as an mp4; use with `with`.

    The first image sets the size; later ones of another size are fitted into it, black around.
    """

    def __init__(self, path: Path, frame_rate: float):
        self.path = Path(path)
        # MPEG-4 counts time in 16 bits: two decimals fit, more may not.
        self._frame_rate = round(min(max(frame_rate, 0.1), 600.0), 2)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, image_bgr: np.ndarray) -> None:
        if self._writer is None:
            self._size = (image_bgr.shape[1], image_bgr.shape[0])
            self._writer = self._open()
        elif (image_bgr.shape[1], image_bgr.shape[0]) != self._size:
            image_bgr = _fit(image_bgr, *self._size)
        self._writer.write(image_bgr)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _open(self) -> cv2.VideoWriter:
        codec = cv2.VideoWriter_fourcc(*"mp4v")
        with quiet_opencv():
            writer = cv2.VideoWriter(str(self.path), codec, self._frame_rate, self._size)
        if not writer.isOpened():
            width, height = self._size
            raise Humans4dError(
                f"cannot write {self.path} as a {width}x{height} mp4: check the folder, the disk "
                "and that OpenCV has FFmpeg, or leave the overlay out"
            )
        return writer


def _fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = resized
    return canvas

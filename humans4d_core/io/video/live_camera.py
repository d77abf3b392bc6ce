"""A camera that is there now: the newest picture each time, however long the last one took."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...types import Frame
from ..camera_choice import CameraChoice
from ..source import Source, quiet_opencv

#: s without a picture after which a camera is gone.
SILENCE = 10.0
_STREAM = re.compile(r"(rtsp|rtsps|http|https|udp|rtp)://\S+")


class LiveCamera(Source):
    """Frames of a webcam or a network camera, stamped with the system's time when they came.

    A thread takes every picture from the driver; who iterates gets the newest one and never the
    same twice. It ends when the camera does, or has been silent for SILENCE seconds.
    """

    kind = "camera"

    def __init__(self, name: str, choice: CameraChoice | None = None):
        """name: the index of a webcam, its device file (/dev/video0), or a stream's address.

        Raises InputFileError where it cannot be opened, CameraError where `choice` does not fit.
        """
        super().__init__(Path(name))
        choice = choice or CameraChoice()
        with quiet_opencv():
            self._capture = cv2.VideoCapture(_opened_by(name))
            found, image = self._capture.read() if self._capture.isOpened() else (False, None)
        if not found or image is None:
            self._capture.release()
            raise InputFileError(
                f"camera {shown(name)} cannot be opened, or sends no picture: give another index, "
                "/dev/videoN or rtsp://..."
            )
        self.camera = choice.camera(image.shape[1], image.shape[0])
        self.camera_origin = choice.origin
        told = self._capture.get(cv2.CAP_PROP_FPS)
        if 1 <= told <= 240:
            self.frame_rate = told
        self._changed = threading.Condition()
        self._newest: tuple[int, np.ndarray] | None = (time.time_ns(), image)
        self._closed = self._ended = False
        self.taken = 1  #: pictures that the camera has sent
        self._thread = threading.Thread(target=self._take, name="camera", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ended, SILENCE)
                newest, self._newest = self._newest, None
                # Pictures that nobody had time for.
                self.skipped = self.taken - number - 1
            if newest is None:
                if not self._ended:
                    self.notes.append(f"the camera sent nothing for {SILENCE:g} s")
                return
            number += 1
            stamp_ns, image = newest
            yield Frame(image, stamp_ns, self.camera, number=number)

    def close(self) -> None:
        """Give the camera back."""
        self._closed = True
        self._thread.join(SILENCE)
        # A dead network camera may hold the thread: the end of the process frees both.
        if not self._thread.is_alive():
            self._capture.release()

    def _take(self) -> None:
        while not self._closed:
            found, image = self._capture.read()
            with self._changed:
                if found:
                    self._newest = time.time_ns(), image
                    self.taken += 1
                else:
                    self._ended = True
                self._changed.notify()
            if not found:
                return


def _opened_by(name: str) -> int | str:
    """What OpenCV opens it by. Raises InputFileError for what is no camera."""
    if name.isascii() and name.isdigit() and len(name) < 4:
        return int(name)
    device = re.fullmatch(r"/dev/video(\d{1,3})", name)
    if device:
        return int(device[1])
    if _STREAM.fullmatch(name):
        return name
    raise InputFileError(
        f"camera '{shown(name, 80)}' is no index, /dev/videoN or address (rtsp://, http://): files "
        "are given as INPUT"
    )

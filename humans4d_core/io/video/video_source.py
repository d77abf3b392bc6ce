"""Videos in, through OpenCV's FFmpeg."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...errors import ImageError
from ...shown_text import shown
from ...types import Camera, Frame
from ..camera_choice import CameraChoice, CamerasBySize, is_same_shape
from ..source import ASSUMED_FRAME_RATE, Source, quiet_opencv
from .picture_display import Display, plan_display
from .video_opening import OpenVideo, next_image
from .video_timeline import FrameNumbers, PacketTimes

#: A header that says more frames a second than this says nothing (webm without a rate: 1000).
MAX_FRAME_RATE = 999.0


#: The others may be cut anywhere (MPEG-TS), or know only when to decode a picture (AVI).
_STARTS_WHOLE = ("MP4", "Matroska")


class VideoSource(Source):
    """A video file. Stamps start at 0 and follow the file's own times.

    frame_rate (frames a second) replaces the file's times. Pictures are as a player shows them:
    cut, with square pixels and turned as the file says, all of the size of the first one that can
    be decoded, where their shape is the same. One that cannot be decoded, or whose camera is not
    known, is skipped, counted and keeps its place and time.
    """

    kind = "video"

    def __init__(
        self,
        path: Path,
        camera: CameraChoice | None = None,
        frame_rate: float | None = None,
    ):
        super().__init__(path)
        self._video = OpenVideo(path)
        try:
            self._capture = self._video.capture
            self._choose_rate(frame_rate)
            announced = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
            # Broken headers give NaN, negative and absurd counts.
            self.frame_count = int(announced) if 0 < announced < 1e9 else None
            self._stored_size: tuple[int, int] | None = None
            self._display = Display()
            self._sizes_are_known = False
            self._size: tuple[int, int] | None = None  # width, height of the first as shown, px
            self._packets = PacketTimes(self._video.open_packets, self._video.codec)
            self._numbers = FrameNumbers(
                self._packets,
                1000 / self._header_rate,
                self._time_ms(),
                self._video.failures,
                self._video.container in _STARTS_WHOLE,
            )
            assert self._video.first_image is not None  # opening would have failed
            self._first_image: np.ndarray | None = self._shown(self._video.first_image)
            choice = camera or CameraChoice()
            self._cameras = CamerasBySize(choice, *self.image_size)
            self.camera_origin = choice.origin
        except BaseException:
            self.close()
            raise

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of the pictures as shown, px."""
        assert self._size is not None  # of the first image, which opening has read
        return self._size

    def __iter__(self) -> Iterator[Frame]:
        image, self._first_image = self._first_image, None
        numbers = self._numbers
        stamp_ns, problem = -1, ""
        while image is not None:
            time_ms = self._time_ms()
            stamp_ns = self._stamp_ns(numbers.number, time_ms - numbers.start_ms, stamp_ns)
            camera, problem = self._camera(image, problem)
            if camera is not None:
                yield Frame(image, stamp_ns, camera, number=numbers.number)
            with quiet_opencv():
                image, failures = next_image(self._capture)
            if image is not None:
                numbers.advance(self._time_ms(), failures)
                image = self._shown(image)
        numbers.finish()
        self._note_losses(numbers.number, numbers.undecoded, problem)

    def close(self) -> None:
        self._video.close()

    def _choose_rate(self, frame_rate: float | None) -> None:
        header_rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._header_rate = header_rate if 0 < header_rate < MAX_FRAME_RATE else ASSUMED_FRAME_RATE
        self._stamps_from_rate = frame_rate is not None
        if frame_rate is not None:
            self.frame_rate = frame_rate
        elif 0 < header_rate < MAX_FRAME_RATE:
            self.frame_rate = header_rate
        else:
            self._stamps_from_rate = True
            self.notes.append(
                f"{shown(self.path.name)} does not say its frame rate: {self.frame_rate:g} frames "
                "a second assumed, --fps sets it"
            )

    def _time_ms(self) -> float:
        time_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        return time_ms if math.isfinite(time_ms) else 0.0

    def _stamp_ns(self, number: int, elapsed_ms: float, previous_ns: int) -> int:
        if self._stamps_from_rate:
            return round((number - 1) * 1e9 / self.frame_rate)
        if round(elapsed_ms * 1e6) > previous_ns:
            return round(elapsed_ms * 1e6)
        return max(previous_ns, 0) + round(1e9 / self.frame_rate)

    def _shown(self, image: np.ndarray) -> np.ndarray:
        """A picture as decoded -> as a player shows it."""
        image = self._unstretched(image)
        size = (image.shape[1], image.shape[0])
        if size != self._stored_size:
            self._stored_size = size
            self._display = self._plan(size)
        image = self._display.apply(image)
        width, height = image.shape[1], image.shape[0]
        self._size = self._size or (width, height)
        if (width, height) != self._size and is_same_shape(width, height, *self._size):
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        return image

    def _unstretched(self, image: np.ndarray) -> np.ndarray:
        """OpenCV stretches pictures of another size to that of the first."""
        size = (image.shape[1], image.shape[0])
        stored = self._packets.size_of(self._numbers.number)
        if self._stored_size is None:
            # What the packets say of the first picture must be true, or it is not asked again.
            self._sizes_are_known = stored == size
        if not self._sizes_are_known or stored is None or is_same_shape(*stored, *size):
            return image
        return cv2.resize(image, stored, interpolation=cv2.INTER_AREA)

    def _plan(self, size: tuple[int, int]) -> Display:
        across = self._capture.get(cv2.CAP_PROP_SAR_NUM)
        down = self._capture.get(cv2.CAP_PROP_SAR_DEN)
        aspect = across / down if across > 0 and down > 0 else 1.0
        turn = self._capture.get(cv2.CAP_PROP_ORIENTATION_META)
        display = plan_display(size, self._video.header, aspect, turn)
        if self._size is None:
            self.notes += [f"{shown(self.path.name)}: {note}" for note in display.notes]
        return display

    def _camera(self, image: np.ndarray, problem: str) -> tuple[Camera | None, str]:
        """The camera, or None and why; the first reason stays."""
        try:
            return self._cameras.camera(image.shape[1], image.shape[0]), problem
        except ImageError as error:
            self.skipped += 1
            return None, problem or str(error)

    def _note_losses(self, last: int, undecoded: int, problem: str) -> None:
        name = shown(self.path.name)
        self.skipped += undecoded
        if undecoded:
            self.notes.append(f"{undecoded} pictures of {name} cannot be decoded: it is damaged")
        if problem:
            self.notes.append(f"pictures of {name} were left out, the first because {problem}")
        if self.frame_count is not None and last < self.frame_count - 1:
            self.notes.append(
                f"{name} announces {self.frame_count} frames but only {last} could be read: it is "
                "probably cut off"
            )

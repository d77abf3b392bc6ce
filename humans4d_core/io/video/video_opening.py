"""Opening a video: what it is, whether OpenCV can decode it, and if not, the true reason."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files import open_regular
from ..source import quiet_opencv
from .ffmpeg_names import name_of_open_file
from .video_formats import HEAD_BYTES, container_name, format_problem
from .video_header import VideoHeader, read_header

# FFmpeg writes to stderr on its own ("moov atom not found"); -8 is AV_LOG_QUIET.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

#: Pictures in a row that cannot be decoded, until the rest of a file is given up.
MOST_FAILURES = 4096

#: What containers call a codec -> its name. Those of the first group FFmpeg always decodes.
_DECODED = {
    "H.264": "avc1 avc3 h264 x264 davc V_MPEG4/ISO/AVC",
    "HEVC": "hvc1 hev1 hevc h265 dvh1 dvhe V_MPEGH/ISO/HEVC",
    "MPEG-4": "mp4v fmp4 xvid divx dx50 V_MPEG4/ISO/ASP V_MPEG4/ISO/SP",
    "Motion JPEG": "mjpg jpeg mjpa mjpb V_MJPEG",
    "MPEG-2": "mp2v mpg2 mpeg m2v1 V_MPEG2",
    "MPEG-1": "mpg1 m1v1 V_MPEG1",
    "VP8": "vp80 vp08 V_VP8",
    "VP9": "vp90 vp09 V_VP9",
    "ProRes": "apch apcn apcs apco ap4h ap4x V_PRORES",
    "Theora": "theo V_THEORA",
    "WMV": "wmv1 wmv2 wmv3 wvc1",
    "FFV1": "ffv1 V_FFV1",
    "PNG": "png mpng",
}
_OTHERS = {
    "AV1": "av01 V_AV1",
    "VVC (H.266)": "vvc1 vvi1 vvcn V_MPEGI/ISO/VVC",
    "EVC": "evc1",
    "LCEVC": "lvc1",
    "AVS2": "avs2 V_AVS2",
    "AVS3": "avs3 V_AVS3",
    "APV": "apv1",
    "JPEG XS": "jxsm jxsv",
}
_NAMES = {
    code.lower(): name
    for name, codes in (*_DECODED.items(), *_OTHERS.items())
    for code in codes.split()
}


class OpenVideo:
    """A video whose first picture is decoded; close it."""

    def __init__(self, path: Path):
        """Raises InputFileError with what the file is, or what it lacks."""
        self.path = path
        self._file = open_regular(path)
        self.captures: list[cv2.VideoCapture] = []
        try:
            self.container = _container(path, self._file)
            self.header = read_header(self._file, self.container)
            _check_header(path, self.header, self.container)
            self.capture = self.open_capture()
            with quiet_opencv():
                # We turn pictures ourselves: OpenCV does not know mirrored ones.
                self.capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
                self.first_image, self.failures = next_image(self.capture)
            if self.first_image is None:
                raise InputFileError(self._undecodable())
        except BaseException:
            self.close()
            raise

    def open_capture(self, parameters: Sequence[int] = ()) -> cv2.VideoCapture:
        """One more capture of the file, which may not be open."""
        has_ffmpeg = cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG)
        backend = cv2.CAP_FFMPEG if has_ffmpeg else cv2.CAP_ANY
        with quiet_opencv():
            capture = cv2.VideoCapture(name_of_open_file(self._file), backend, list(parameters))
        self.captures.append(capture)
        return capture

    def open_packets(self) -> cv2.VideoCapture:
        """A capture that hands out packets, not pictures; not open where there is no FFmpeg."""
        if not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
            return cv2.VideoCapture()
        return self.open_capture((cv2.CAP_PROP_FORMAT, -1))

    def close(self) -> None:
        for capture in self.captures:
            capture.release()
        self._file.close()

    @property
    def codec(self) -> str:
        """Name of the codec; what the file calls it where it has none; empty: unknown."""
        code = self.header.codec
        if code is None and self.capture.isOpened():
            number = int(self.capture.get(cv2.CAP_PROP_FOURCC))
            raw = number.to_bytes(4, "little", signed=number < 0).rstrip(b"\0 ")
            code = raw.decode("ascii", "backslashreplace")
        return _NAMES.get((code or "").lower(), code or "")

    def _undecodable(self) -> str:
        name = self.codec
        if not name:
            return (
                f"{shown(self.path)} is {self.container} without pictures that FFmpeg can find: "
                "it is sound alone, cut off or damaged"
            )
        if name in _DECODED:
            return (
                f"{shown(self.path)} is {name}, but none of its pictures can be decoded: it is cut "
                "off or damaged"
            )
        name = name if name in _OTHERS else f"of codec '{shown(name)}'"
        return (
            f"{shown(self.path)} is {name}, which this OpenCV cannot decode: "
            f"`{convert_command(self.path)}` converts it"
        )


def next_image(capture: cv2.VideoCapture) -> tuple[np.ndarray | None, int]:
    """The next picture that can be decoded, (H, W, 3) uint8 BGR, and how many before it cannot.

    None at the end.
    """
    for failures in range(MOST_FAILURES):
        # OpenCV says "no more" for each picture that cannot be decoded, and goes on when asked.
        try:
            found, image = capture.read()
        except cv2.error:
            continue
        if found and image is not None and image.size:
            return image, failures
    return None, 0


def convert_command(path: Path) -> str:
    """What turns any video into one that every OpenCV decodes, for a shell."""
    # FFmpeg takes what is before a colon for a protocol, and a dash for an option.
    name = str(path) if path.is_absolute() else f"./{path}"
    target = str(Path(name).with_name(f"{path.stem}_h264.mp4"))
    target = target if target.startswith("/") else f"./{target}"
    return shown(f"ffmpeg -i {shlex.quote(name)} -c:v libx264 {shlex.quote(target)}", 1000)


def _container(path: Path, file: BinaryIO) -> str:
    head = file.read(HEAD_BYTES)
    if not head:
        raise InputFileError(f"{shown(path)} is empty: give a file that was written completely")
    container = container_name(head)
    if container is None:
        raise InputFileError(f"{shown(path)} {format_problem(head)}")
    return container


def _check_header(path: Path, header: VideoHeader, container: str) -> None:
    if header.is_cut_off:
        raise InputFileError(
            f"{shown(path)} is {container} without the part that says where its pictures are: it "
            "was cut off, or its recording was not finished"
        )
    if header.has_pictures is False:
        what = "sound but no pictures" if header.has_sound else "no pictures"
        raise InputFileError(f"{shown(path)} is {container} with {what}")
    if header.codec in ("encv", "drmi"):
        raise InputFileError(f"{shown(path)} is encrypted: give a copy that is not")

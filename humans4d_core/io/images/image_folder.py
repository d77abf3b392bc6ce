"""A folder of images as a film."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...errors import ImageError, InputFileError
from ...shown_text import shown
from ...types import Frame
from ...untrusted_files import check_regular, read_regular
from ..camera_choice import CameraChoice, CamerasBySize
from ..source import Source, quiet_opencv
from .deep_images import DeepImages
from .encoded_pictures import picture_kind, read_picture
from .image_messages import samples_to_bgr
from .picture_size import check_picture_size

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")

_DIGITS = re.compile(r"([0-9]+)")

#: Of one image file: the largest picture has less without any packing.
MOST_BYTES = 1 << 30


class ImageFolderSource(Source):
    """Images of a folder in natural order of their names (2 before 10), or one image file.

    Stamps start at 0, 1 / frame_rate apart. An image that cannot be read, or whose camera is not
    known, is skipped, counted and keeps its place and time.
    """

    kind = "images"

    def __init__(
        self,
        path: Path,
        camera: CameraChoice | None = None,
        frame_rate: float | None = None,
    ):
        super().__init__(path)
        self._choice = camera or CameraChoice()
        self.paths = _image_paths(path)
        self.unreadable: list[str] = []  #: name and reason of each, as far as read
        self.frame_count = len(self.paths)
        if frame_rate is not None:
            self.frame_rate = frame_rate
        if len(self.paths) == 1:
            self.notes.append(
                "one image confirms nobody, people stay TENTATIVE: `humans4d photos` takes images "
                "one by one"
            )
        elif frame_rate is None:
            self.notes.append(
                f"images carry no time: {self.frame_rate:g} frames a second assumed, --fps sets it"
            )
        first = self._first_image()
        self._cameras = CamerasBySize(self._choice, first.shape[1], first.shape[0])
        self.camera_origin = self._choice.origin

    def _first_image(self) -> np.ndarray:
        reason = None
        for path in self.paths:
            try:
                return read_image(path, DeepImages())
            except (ImageError, InputFileError) as error:
                reason = reason or f"{shown(path.name)}: {error}"
        raise InputFileError(
            f"{self.path} holds {len(self.paths)} image file(s) but none can be read: {reason}"
        )

    def __iter__(self) -> Iterator[Frame]:
        deep = DeepImages()
        for index, path in enumerate(self.paths):
            try:
                image = read_image(path, deep)
                camera = self._cameras.camera(image.shape[1], image.shape[0])
            except (ImageError, InputFileError) as error:
                self.skipped += 1
                self.unreadable.append(f"{shown(path.name)}: {error}")
                continue
            yield Frame(image, round(index * 1e9 / self.frame_rate), camera, number=index + 1)
        if deep.description:
            self.notes.append(deep.description)
        if self.unreadable:
            first = self.unreadable[0]
            self.notes.append(f"{self.skipped} images were left out, the first is {first}")


def is_image(path: Path) -> bool:
    """Whether the name ends as those of images do; nothing is opened."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def natural_order(name: str) -> list[str | int]:
    """Sort key that reads digits as numbers: frame2 before frame10."""
    parts = _DIGITS.split(name)
    parts[0::2] = map(str.lower, parts[0::2])
    parts[1::2] = map(int, parts[1::2])
    return parts


def _image_paths(path: Path) -> list[Path]:
    if not path.is_dir():
        if not check_regular(path):
            raise InputFileError(f"{shown(path)} is empty: give a file that was written completely")
        return [path]
    try:
        # Names, not Paths: a hundred thousand of them are sorted at once.
        names = [n for n in os.listdir(path) if n.lower().endswith(IMAGE_SUFFIXES) and n[0] != "."]
    except OSError as error:
        raise InputFileError(f"cannot read folder {path}: {error.strerror}") from None
    if not names:
        raise InputFileError(
            f"folder {path} holds no images ({', '.join(s[1:] for s in IMAGE_SUFFIXES)}) and "
            "is no rosbag2"
        )
    return [path / name for name in sorted(sorted(names), key=natural_order)]


def read_image(path: Path, deep: DeepImages) -> np.ndarray:
    """(H, W, 3) uint8 BGR, turned as EXIF says. Raises ImageError, InputFileError."""
    # By its bytes: OpenCV takes no names that are not UTF-8, and would wait for a FIFO.
    data = np.frombuffer(read_regular(path, MOST_BYTES), np.uint8)
    check_picture_size(data.tobytes())
    if picture_kind(data) in ("jpeg", "png"):
        read_picture(data)  # refuses what is cut short, which decodes to gray
    image = _decoded(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if image is not None and image.dtype == np.uint16:
        if (image == image[..., :1]).all():
            return samples_to_bgr(image[..., :1], "mono16", deep)
        return samples_to_bgr(image, "bgr16", deep)
    if image is not None and image.dtype != np.uint8:
        image = _decoded(data, cv2.IMREAD_COLOR)
    if image is None:
        raise ImageError("it cannot be decoded: it is damaged, cut off or no image")
    return image


def _decoded(data: np.ndarray, flags: int) -> np.ndarray | None:
    with quiet_opencv():
        try:
            return cv2.imdecode(data, flags) if data.size else None
        except cv2.error:  # also for what is larger than OpenCV's own bound
            return None

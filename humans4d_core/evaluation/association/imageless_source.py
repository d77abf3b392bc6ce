"""A sequence of boxes without images, as a source of frames: for data that may not be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import InputFileError
from ...io.camera_choice import CameraChoice
from ...io.results.mot_files import read_mot
from ...io.source import Source
from ...shown_text import shown
from ...types import Camera, Frame
from .sequences import ASSUMED_RATE, find_file, no_image, sequence_info


def is_imageless(path: Path) -> bool:
    """A folder with seqinfo.ini and boxes, and no images of them."""
    return (
        (path / "seqinfo.ini").is_file()
        and not (path / "img1").is_dir()
        and find_file(path, "det") is not None
    )


class ImagelessSource(Source):
    """Black frames of the size and rate that seqinfo.ini tells, as many as it or the boxes have."""

    kind = "boxes"

    def __init__(self, path: Path, choice: CameraChoice, frame_rate: float | None = None):
        super().__init__(path)
        info = sequence_info(path / "seqinfo.ini")
        if "imWidth" not in info or "imHeight" not in info:
            raise InputFileError(
                f"{shown(path / 'seqinfo.ini')} has no imWidth and imHeight: without images nobody "
                "else knows their size"
            )
        width, height = int(info["imWidth"]), int(info["imHeight"])
        self.frame_rate = frame_rate or info.get("frameRate", ASSUMED_RATE)
        if frame_rate is None and "frameRate" not in info:
            self.notes.append(f"frame rate guessed: {ASSUMED_RATE:g}/s (--fps)")
        boxes = find_file(path, "det")
        assert boxes is not None  # or it is not imageless
        self.frame_count = max(
            int(info.get("seqLength", 1)), max(read_mot(boxes).frames, default=1)
        )
        focal_px = info.get("focalLength")
        self.camera_origin = choice.origin
        if choice.is_given or focal_px is None:
            self._camera = choice.camera(width, height)
        else:
            self._camera = Camera(focal_px, focal_px, width / 2, height / 2, width, height)
            self.camera_origin = "focal length of seqinfo.ini"
        self.notes.append("no images: bodies of average size are stood up in the boxes")

    def __iter__(self) -> Iterator[Frame]:
        camera = self._camera
        image = no_image(camera)
        for number in range(1, (self.frame_count or 0) + 1):
            yield Frame(image, round((number - 1) * 1e9 / self.frame_rate), camera, number=number)

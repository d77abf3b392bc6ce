"""Photographs of files and folders, each with its own camera and boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Humans4dError
from ..io import CameraChoice
from ..io.images.exif_camera import exif_camera, exif_origin
from ..io.images.image_folder import ImageFolderSource
from ..io.results.mot_files import MotBoxes
from ..types import Detections, Frame


@dataclass(frozen=True)
class Photo:
    """One photograph, and what is told of it."""

    path: Path
    frame: Frame
    camera_origin: str  #: where the camera's focal length is from, for people
    boxes: Detections | None  #: given by the user; None: a detector finds them


class PhotoSource:
    """Photographs one after the other; what cannot be read is left out and is in `problems`.

    boxes: by an image's number over all inputs, from 1. Raises Humans4dError where no input holds
    an image.
    """

    def __init__(self, inputs: Sequence[Path], choice: CameraChoice, boxes: MotBoxes | None = None):
        self.problems: list[str] = []
        self._choice, self._boxes = choice, boxes
        self._sources: list[ImageFolderSource] = []
        for path in inputs:
            try:
                self._sources.append(ImageFolderSource(path, choice))
            except Humans4dError as error:
                self.problems.append(str(error))
        if not self._sources:
            raise Humans4dError(self.problems[0])
        self._assumed = 0

    def __len__(self) -> int:
        return sum(len(source.paths) for source in self._sources)

    def __iter__(self) -> Iterator[Photo]:
        before = 0
        for source in self._sources:
            for frame in source:
                path, origin = source.paths[frame.number - 1], source.camera_origin
                if not self._choice.is_given:
                    told = exif_camera(path, frame.camera.width, frame.camera.height)
                    self._assumed += told is None
                    if told is not None:
                        frame, origin = replace(frame, camera=told), exif_origin(told)
                boxes = None if self._boxes is None else self._boxes[before + frame.number]
                yield Photo(path, frame, origin, boxes)
            self.problems += source.unreadable
            before += len(source.paths)

    @property
    def notes(self) -> list[str]:
        """What the user has to know of what was read so far."""
        if not self._assumed:
            return self.problems
        return [
            *self.problems,
            f"the cameras of {self._assumed} images are unknown, {self._choice.origin}: their "
            "metres are only as good as that guess",
        ]

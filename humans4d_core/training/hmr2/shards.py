"""Samples in tar files, as WebDataset has them: KEY.jpg, KEY.mask.png and KEY.FIELD.npy beside each
other."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from ...errors import Humans4dError, InputFileError
from ...io.images.picture_size import check_picture_size
from ...shown_text import shown
from ...untrusted_files.arrays import parse_npy
from ...untrusted_files.regular_files import open_regular
from .samples import ARRAYS, Sample, mirrored

#: Bytes of a member, at most.
LARGEST_MEMBER = 4_000_000
JPEG_QUALITY = 92


def write_shard(path: Path, samples: Iterable[Sample]) -> int:
    """Write a shard, whole or not at all; the number of samples. Equal samples give equal bytes.

    Raises OSError where there is no room.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
            for count, sample in enumerate(samples, start=1):
                for suffix, data in _members(sample):
                    info = tarfile.TarInfo(f"{count - 1:06d}.{suffix}")
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


class Shard:
    """Samples of one file, found where they are: only what is asked for is read."""

    def __init__(self, path: Path):
        """Raises InputFileError for a file that cannot be opened, is no tar or holds nothing."""
        self.path = path
        self.problems: list[str] = []  #: what was left out, and why
        self._places: list[tuple[str, dict[str, tuple[int, int]]]] = []
        with open_regular(path) as file:
            try:
                with tarfile.open(fileobj=file, mode="r:") as archive:
                    for info in archive:
                        self._add(info)
            except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
                if not self._places:
                    raise InputFileError(f"{shown(path)} is no tar file: {error}") from None
                self.problems.append(f"{shown(path)} is cut off: {error}")
        if not self._places:
            raise InputFileError(f"{shown(path)} holds no sample")

    def _add(self, info: tarfile.TarInfo) -> None:
        """Members of a sample stand beside each other."""
        if not info.isfile() or info.size > LARGEST_MEMBER:
            self.problems.append(f"{shown(self.path)}: {shown(info.name)} is no part of a sample")
            return
        key, _, suffix = info.name.partition(".")
        if not self._places or self._places[-1][0] != key:
            self._places.append((key, {}))
        self._places[-1][1][suffix] = info.offset_data, info.size

    def __len__(self) -> int:
        return len(self._places)

    def sample(self, number: int, rng: np.random.Generator | None, flip: bool) -> Sample:
        """As it is, or mirrored: the crops are made. Raises InputFileError for a broken one."""
        return mirrored(self[number]) if flip else self[number]

    def __getitem__(self, number: int) -> Sample:
        """Raises InputFileError for a sample that is broken."""
        key, places = self._places[number]
        try:
            with open_regular(self.path) as file:
                return _sample({s: _read(file, *place) for s, place in places.items()})
        except (Humans4dError, ValueError, KeyError) as error:
            reason = f"it has no {error.args[0]}" if isinstance(error, KeyError) else str(error)
            raise InputFileError(f"{shown(self.path)}, sample {shown(key)}: {reason}") from None


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _members(sample: Sample) -> Iterator[tuple[str, bytes]]:
    yield "jpg", _encoded(".jpg", sample.crop_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    yield "mask.png", _encoded(".png", sample.mask, [])
    for name in ARRAYS:
        data = io.BytesIO()
        np.save(data, getattr(sample, name))
        yield f"{name}.npy", data.getvalue()


def _encoded(suffix: str, image: np.ndarray, options: list[int]) -> bytes:
    return cv2.imencode(suffix, image, options)[1].tobytes()


def _sample(members: dict[str, bytes]) -> Sample:
    arrays = {name: parse_npy(members[f"{name}.npy"], name) for name in ARRAYS}
    for name, value in arrays.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds a number that is not finite")
    return Sample(
        _decoded(members["jpg"], cv2.IMREAD_COLOR, "jpg"),
        _decoded(members["mask.png"], cv2.IMREAD_GRAYSCALE, "mask.png"),
        **arrays,
    )


def _decoded(data: bytes, mode: int, name: str) -> np.ndarray:
    check_picture_size(data)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), mode) if data else None
    if image is None or image.shape[:2] != (256, 256):
        raise ValueError(f"{name} is no image of 256 x 256 pixels")
    return image

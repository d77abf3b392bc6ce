"""Whether the demo's bag has room on the disk: worked out before writing, watched meanwhile.

Raw images are what a robot's camera sends, and big: a minute of 4K at 30 a second is 45 GB. So
long or large films become JPEG.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from humans4d_core.errors import InputFileError
from humans4d_core.types import Frame

#: Bags of raw images up to this size; larger ones are of JPEG. The demo's own video makes 1 GB.
MOST_RAW_BYTES = 2 * 10**9
#: A pixel of a JPEG at quality 90, of a picture with much texture.
JPEG_PIXEL_BYTES = 0.5
#: Left free on the disk, for what the demo records and for everybody else.
SPARE_BYTES = 10**9
SHORTEN = "--seconds N takes less of it, or make room"


def wants_jpeg(folder: Path, images: int | None, width: int, height: int, say: Callable) -> bool:
    """Whether a bag of that many images (None: unknown) in `folder` is to be of JPEG.

    Raises InputFileError where even that has no room.
    """
    free = shutil.disk_usage(folder).free - SPARE_BYTES
    raw = None if images is None else images * width * height * 3
    if raw is not None and raw <= min(MOST_RAW_BYTES, free):
        return False
    packed = 0 if images is None else images * width * height * JPEG_PIXEL_BYTES
    if packed > free or free <= 0:
        raise InputFileError(
            f"a bag of {images or 'the'} images of {width}x{height} takes about "
            f"{packed / 1e9:.1f} GB, and {max(free, 0) / 1e9:.1f} GB are to be had in {folder} "
            f"({SPARE_BYTES / 1e9:g} GB stay free): {SHORTEN}"
        )
    if raw is None:
        say("How long the video is, is not known: its images go into the bag as JPEG")
    else:
        say(f"Raw images would be {raw / 1e9:.1f} GB: they go into the bag as JPEG")
    return True


def while_room(frames: Iterable[Frame], folder: Path) -> Iterator[Frame]:
    """The frames, as long as the disk of `folder` does not run full; then InputFileError."""
    for frame in frames:
        if shutil.disk_usage(folder).free < SPARE_BYTES // 2:
            raise InputFileError(
                f"less than {SPARE_BYTES / 2e9:g} GB are free in {folder}, the bag was given up: "
                f"{SHORTEN}"
            )
        yield frame

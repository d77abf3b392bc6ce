"""The camera that a photograph's EXIF tells: its focal length as of 35 mm film.

EXIF 2.32, tag FocalLengthIn35mmFilm: the focal length with which a frame of 36 x 24 mm sees as
much. Between formats of other shapes the diagonals are compared (CIPA DCG-001).
"""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path

from ...types import Camera
from ...untrusted_files import open_regular

#: mm, the diagonal of 36 x 24.
FILM_DIAGONAL = math.hypot(36, 24)
#: mm of 35 mm film, between which lenses of cameras for people are.
SHORTEST, LONGEST = 6.0, 1200.0
#: Bytes from which EXIF is read: it is at the beginning, within 64 KiB.
HEAD = 1 << 18
#: Share by which an image may be of another shape than EXIF says: else it was cut.
SHAPE = 0.02
#: What cameras write.
FORMATS = ("JPEG", "WEBP")
_EXIF, _FOCAL_35MM, _WIDTH, _HEIGHT = 0x8769, 0xA405, 0xA002, 0xA003


def exif_camera(path: Path, width: int, height: int) -> Camera | None:
    """The camera of an image file of that size in pixels, without distortion; None where EXIF says
    nothing, nothing possible, or was written for an image of another shape.

    Raises InputFileError where the file cannot be opened.
    """
    from PIL import Image

    with open_regular(path) as file:
        head = file.read(HEAD)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a damaged header
            with Image.open(io.BytesIO(head), formats=FORMATS) as image:
                tags = image.getexif().get_ifd(_EXIF)
        focal_mm = float(tags.get(_FOCAL_35MM, 0))
        told = sorted((float(tags.get(_WIDTH, 0)), float(tags.get(_HEIGHT, 0))))
    except Exception:  # whatever a damaged header makes of it: there is no EXIF to be had
        return None
    if not SHORTEST <= focal_mm <= LONGEST:
        return None
    short, long = sorted((width, height))
    if told[0] > 0 and abs(math.log(told[1] / told[0] * short / long)) > SHAPE:
        return None
    focal_px = focal_mm * math.hypot(width, height) / FILM_DIAGONAL
    return Camera(focal_px, focal_px, width / 2, height / 2, width, height)


def exif_origin(camera: Camera) -> str:
    """Where such a camera comes from, for people to read."""
    focal_mm = camera.fx * FILM_DIAGONAL / math.hypot(camera.width, camera.height)
    return f"EXIF: focal length {focal_mm:.3g} mm of 35 mm film"

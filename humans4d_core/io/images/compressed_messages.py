"""sensor_msgs/CompressedImage -> images, without ROS.

`format` is what compressed_image_transport writes, "rgb8; jpeg compressed bgr8" (the encoding of
the raw image; the compression, and the order of the stored colours), or the compression alone:
"jpeg". The bytes decide what is decoded, jpeg or png; `format` decides what the decoded samples
mean.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from ...errors import ImageError
from ...shown_text import shown
from .deep_images import DeepImages
from .encoded_pictures import find_jpeg, picture_kind, read_picture
from .image_messages import is_known_encoding, samples_to_bgr

#: Not turned by EXIF: CameraInfo is of the image as it is stored.
_AS_STORED = cv2.IMREAD_IGNORE_ORIENTATION | cv2.IMREAD_ANYDEPTH
_SAID_TO_BE_PICTURE = re.compile(r"\b(jpe?g|mjpe?g|png)\b", re.IGNORECASE)
_STORED_AS_RGB = re.compile(r"compressed\s+rgb", re.IGNORECASE)


def compressed_message_to_bgr(message, deep: DeepImages | None = None) -> np.ndarray:
    """A sensor_msgs/CompressedImage of a whole jpeg or png -> (H, W, 3) uint8 BGR.

    Mosaics ("bayer_rggb8; jpeg compressed") are demosaiced, as raw ones are; transparency is left
    out; EXIF does not turn the image. deep: as in `image_message_to_bgr`. Raises ImageError.
    """
    data = np.frombuffer(message.data, np.uint8)
    problem = format_problem(message)
    if problem:
        raise ImageError(f"{_said(message)} cannot be decoded: {problem}")
    try:
        picture = read_picture(data)
    except ImageError as error:
        raise ImageError(f"{_said(message)} cannot be decoded: {error}") from None
    mosaic = _mosaic(message.format) if picture.channels == 1 else ""
    colours = cv2.IMREAD_GRAYSCALE if mosaic else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(data[picture.start : picture.end], colours | _AS_STORED)
    except cv2.error:
        image = None
    if image is None:
        raise ImageError(
            f"{_said(message)} cannot be decoded: the {picture.kind} ({picture.process}) is "
            "damaged, or of a kind that OpenCV does not decode"
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise ImageError(
            f"{_said(message)} has samples of {image.dtype}: 8 and 16 bits can be used"
        )
    if mosaic:
        bits = 8 * image.dtype.itemsize
        return samples_to_bgr(image[..., None], f"{mosaic}{bits}", deep)
    if image.dtype == np.uint16:
        if picture.channels == 1:
            return samples_to_bgr(image[..., :1], "mono16", deep)
        image = samples_to_bgr(image, "bgr16", deep)
    if picture.channels == 3 and _STORED_AS_RGB.search(message.format):
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return image


def format_problem(message) -> str:
    """Why a CompressedImage is no picture that can be decoded, by format and first bytes; or ""."""
    words = message.format.lower()
    if "compresseddepth" in words or "rvl" in words:
        return "it holds depth only (compressedDepth)"
    data = np.frombuffer(message.data, np.uint8)
    kind = picture_kind(data)
    said = message.format.strip()
    may_be_picture = not said or _SAID_TO_BE_PICTURE.search(said) is not None
    if kind in ("jpeg", "png") or (not kind and may_be_picture and find_jpeg(data) >= 0):
        return ""
    if not len(data):
        return "it is empty"
    can = "jpeg and png can be decoded: a node that decodes it must publish sensor_msgs/Image"
    if not may_be_picture and (not kind or "video" in kind):
        return f"it is '{shown(said, 40)}', and only {can}"
    if kind:
        return f"it is {kind}, and only {can}"
    return f"it is neither jpeg nor png, it begins with {data[:8].tobytes().hex(' ')}"


def encoding_of(message) -> str:
    """The encoding of the raw image that `format` names; "" where it names none."""
    encoding, semicolon, _ = message.format.partition(";")
    return encoding.strip() if semicolon else ""


def _mosaic(image_format: str) -> str:
    """Such as "bayer_rggb"; "" where the image is no mosaic."""
    encoding = image_format.partition(";")[0].strip()
    if not encoding.startswith("bayer_"):
        return ""
    if not is_known_encoding(encoding):
        raise ImageError(f"compressed image has the unknown encoding '{shown(encoding, 40)}'")
    return encoding.rstrip("0123456789")


def _said(message) -> str:
    return f"compressed image ('{shown(message.format, 60)}', {len(message.data)} bytes)"

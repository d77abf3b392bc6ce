"""ROS image messages -> images, without ROS.

Works on any object with the fields of sensor_msgs: rclpy's messages and deserialised bag messages
alike.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...errors import ImageError
from ...shown_text import shown
from .deep_images import DeepImages

# encoding -> bytes a sample, samples a pixel, OpenCV's conversion to BGR (None: it is BGR).
# sensor_msgs/image_encodings.hpp. Whether 16UC1 is brightness (a thermal camera) or depth, the
# topic says (picture_topics.py).
_ENCODINGS: dict[str, tuple[int, int, int | None]] = {
    "bgr8": (1, 3, None),
    "8UC3": (1, 3, None),
    "rgb8": (1, 3, cv2.COLOR_RGB2BGR),
    "bgra8": (1, 4, cv2.COLOR_BGRA2BGR),
    "8UC4": (1, 4, cv2.COLOR_BGRA2BGR),
    "rgba8": (1, 4, cv2.COLOR_RGBA2BGR),
    "bgr16": (2, 3, None),
    "16UC3": (2, 3, None),
    "rgb16": (2, 3, cv2.COLOR_RGB2BGR),
    "bgra16": (2, 4, cv2.COLOR_BGRA2BGR),
    "16UC4": (2, 4, cv2.COLOR_BGRA2BGR),
    "rgba16": (2, 4, cv2.COLOR_RGBA2BGR),
    "mono8": (1, 1, cv2.COLOR_GRAY2BGR),
    "8UC1": (1, 1, cv2.COLOR_GRAY2BGR),
    "mono16": (2, 1, cv2.COLOR_GRAY2BGR),
    "16UC1": (2, 1, cv2.COLOR_GRAY2BGR),
    "yuv422": (1, 2, cv2.COLOR_YUV2BGR_UYVY),
    "uyvy": (1, 2, cv2.COLOR_YUV2BGR_UYVY),
    "yuyv": (1, 2, cv2.COLOR_YUV2BGR_YUY2),
    "yuv422_yuy2": (1, 2, cv2.COLOR_YUV2BGR_YUY2),
    # OpenCV names a Bayer pattern by its second row's second pixel, ROS by its first pixel.
    "bayer_rggb8": (1, 1, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr8": (1, 1, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg8": (1, 1, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg8": (1, 1, cv2.COLOR_BayerGB2BGR),
    "bayer_rggb16": (2, 1, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr16": (2, 1, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg16": (2, 1, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg16": (2, 1, cv2.COLOR_BayerGB2BGR),
}


#: encoding -> type of a sample, metres of its 1 (REP-118).
_DEPTH_ENCODINGS = {"16UC1": ("u2", 1e-3), "mono16": ("u2", 1e-3), "32FC1": ("f4", 1.0)}


def is_known_encoding(encoding: str) -> bool:
    """Whether `image_message_to_bgr` takes it."""
    return encoding in _ENCODINGS


def encoding_problem(encoding: str) -> str:
    """Says of one that is not known which are."""
    return f"image encoding '{shown(encoding, 40)}' is not one of {', '.join(_ENCODINGS)}"


def image_message_to_bgr(message, deep: DeepImages | None = None) -> np.ndarray:
    """sensor_msgs/Image -> (H, W, 3) uint8 BGR; a view of the message's data where it is BGR.

    deep: how the camera's 16-bit samples become 8 bits, which it keeps from image to image; None:
    this image is the only one. Raises ImageError.
    """
    encoding = message.encoding
    if encoding not in _ENCODINGS:
        raise ImageError(encoding_problem(encoding))
    sample_bytes, channels, _ = _ENCODINGS[encoding]
    width, height = message.width, message.height
    pixels = _rows(message, channels * sample_bytes)
    if sample_bytes == 2:
        # A copy, so that rows whose padding is no whole number of samples can be read.
        order = ">u2" if message.is_bigendian else "<u2"
        pixels = np.ascontiguousarray(pixels).view(order)
    return samples_to_bgr(pixels.reshape(height, width, channels), encoding, deep)


def samples_to_bgr(
    samples: np.ndarray, encoding: str, deep: DeepImages | None = None
) -> np.ndarray:
    """Samples (H, W, C) uint8 or uint16 of a known encoding -> (H, W, 3) uint8 BGR.

    deep: as in `image_message_to_bgr`. Raises ImageError.
    """
    _, channels, conversion = _ENCODINGS[encoding]
    if samples.dtype != np.uint8:
        is_gray = channels == 1 and conversion == cv2.COLOR_GRAY2BGR
        samples = (deep or DeepImages()).to_8_bit(samples, encoding, is_gray)
    if conversion is None:
        return samples
    try:
        return cv2.cvtColor(samples, conversion)
    except cv2.error:
        height, width = samples.shape[:2]
        raise ImageError(
            f"image of {width}x{height} cannot be {encoding}: that needs even sizes"
        ) from None


def depth_message_to_metres(message) -> np.ndarray:
    """sensor_msgs/Image of depth (REP-118: 16UC1 in mm, 32FC1 in m) -> (H, W) float32 metres.

    0 where it is unknown. Raises ImageError.
    """
    try:
        kind, unit = _DEPTH_ENCODINGS[message.encoding]
    except KeyError:
        raise ImageError(
            f"depth encoding '{message.encoding}' is not one of {', '.join(_DEPTH_ENCODINGS)}"
        ) from None
    pixels = _rows(message, np.dtype(kind).itemsize)
    order = ">" if message.is_bigendian else "<"
    # A copy, so that rows whose padding is no whole number of samples can be read.
    samples = np.ascontiguousarray(pixels).view(order + kind)
    if kind == "u2":
        return samples * np.float32(unit)
    return np.where(np.isfinite(samples) & (samples > 0), samples, np.float32(0)).astype(np.float32)


def _rows(message, pixel_bytes: int) -> np.ndarray:
    """(H, W * pixel_bytes) uint8, a view of the message's data without its padding."""
    width, height, step = message.width, message.height, message.step
    row = width * pixel_bytes
    data = np.frombuffer(message.data, np.uint8)
    if not width or not height or step < row or data.size < step * height:
        raise ImageError(
            f"image says {width}x{height} {message.encoding} with {step} bytes a row but holds "
            f"{data.size} bytes"
        )
    return data[: step * height].reshape(height, step)[:, :row]

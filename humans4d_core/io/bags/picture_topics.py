"""Which image topics show something to look at: by the first messages, not by the type alone."""

from __future__ import annotations

import re

from ..images.compressed_messages import encoding_of, format_problem
from ..images.image_messages import encoding_problem, is_known_encoding

#: Brightness of a thermal or infrared camera, or depth: the topic says which.
_EITHER = ("16UC1", "mono16")
_MEASURES = ("32FC1", "64FC1", "16SC1", "32SC1")
_DEPTH = re.compile(r"depth|disparity|(^|_)range")
_BRIGHTNESS = re.compile(r"therm|infra|lwir|flir|(^|_)ir\d?($|_)|colou?r|rgb|mono|gr[ae]y")


def holds_depth(encoding: str, topic: str = "", frame_id: str = "") -> bool:
    """Whether images of this encoding are depth (REP-118), not brightness.

    16-bit gray is what the last part of the topic's name says that is about either, such as
    /camera/depth/image_rect_raw or /kinect_depth/ir/image; of 16UC1 the frame may say it too.
    """
    if encoding in _MEASURES:
        return True
    if encoding not in _EITHER:
        return False
    for part in reversed(topic.lower().split("/")):
        if _DEPTH.search(part):  # before brightness: aligned_depth_to_color
            return True
        if _BRIGHTNESS.search(part):
            return False
    return encoding == "16UC1" and _DEPTH.search(frame_id.lower()) is not None


def picture_problem(message, topic: str = "") -> str:
    """Why an Image or CompressedImage on `topic` is no picture; "" where it is one."""
    if hasattr(message, "format"):
        problem = format_problem(message)
        if problem:
            return problem
        encoding = encoding_of(message)
    else:
        encoding = message.encoding
    if holds_depth(encoding, topic, message.header.frame_id):
        return f"it holds depth only ({encoding})"
    if hasattr(message, "format") or is_known_encoding(encoding):
        return ""
    return encoding_problem(encoding)

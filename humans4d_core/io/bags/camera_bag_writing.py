"""Frames of a camera as a new rosbag2."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from ...errors import Humans4dError
from ...types import Frame
from ..images.calibration import camera_info_fields
from .bag_messages import message_typestore
from .bag_topics import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE


def write_camera_bag(
    path: Path, frames: Iterable[Frame], compressed: bool = False, namespace: str = "/camera"
) -> int:
    """Write frames as a new rosbag2 (mcap) in folder `path`, one at a time: number of frames.

    Topics: <namespace>/image_raw (bgr8) or, compressed, <namespace>/image_raw/compressed (jpeg),
    and <namespace>/camera_info with the same stamp. The log time is the stamp. A folder that
    exists raises Humans4dError; when writing fails nothing is left behind.
    """
    path = Path(path)
    if path.exists():
        raise Humans4dError(f"{path} exists: bags are never overwritten, remove it first")
    typestore = message_typestore()
    image_type = COMPRESSED_IMAGE if compressed else IMAGE
    image_topic = f"{namespace}/image_raw" + ("/compressed" if compressed else "")
    count = 0
    try:
        with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
            images = writer.add_connection(image_topic, image_type, typestore=typestore)
            infos = writer.add_connection(
                f"{namespace}/camera_info", CAMERA_INFO, typestore=typestore
            )
            for frame in frames:
                info, image = _camera_messages(frame, compressed, typestore.types)
                stamp_ns = frame.stamp_ns
                writer.write(infos, stamp_ns, typestore.serialize_cdr(info, CAMERA_INFO))
                writer.write(images, stamp_ns, typestore.serialize_cdr(image, image_type))
                count += 1
    except BaseException as error:
        shutil.rmtree(path, ignore_errors=True)
        if isinstance(error, OSError):
            raise Humans4dError(f"cannot write bag {path}: {error.strerror}") from None
        raise
    return count


def _camera_messages(frame: Frame, compressed: bool, types) -> tuple:
    seconds, nanoseconds = divmod(frame.stamp_ns, 10**9)
    stamp = types["builtin_interfaces/msg/Time"](seconds, nanoseconds)
    header = types["std_msgs/msg/Header"](stamp, frame.frame_id)
    info = types[CAMERA_INFO](
        header=header,
        binning_x=0,
        binning_y=0,
        roi=types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False),
        **camera_info_fields(frame.camera),
    )
    if compressed:
        _, data = cv2.imencode(".jpg", frame.image_bgr, (cv2.IMWRITE_JPEG_QUALITY, 90))
        image = types[COMPRESSED_IMAGE](header, "bgr8; jpeg compressed bgr8", data.ravel())
    else:
        height, width = frame.image_bgr.shape[:2]
        pixels = np.ascontiguousarray(frame.image_bgr).ravel()
        image = types[IMAGE](header, height, width, "bgr8", 0, width * 3, pixels)
    return info, image

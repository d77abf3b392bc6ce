"""One door for every input."""

from __future__ import annotations

import math
from pathlib import Path

from ..errors import InputFileError
from .bags.bag_companions import CompanionChoice
from .bags.bag_messages import is_bag
from .bags.camera_bags import BagSource
from .camera_choice import CameraChoice
from .images.image_folder import ImageFolderSource, is_image
from .source import Source
from .video.video_source import VideoSource


def open_source(
    path: Path | str,
    camera: CameraChoice | None = None,
    frame_rate: float | None = None,
    topic: str | None = None,
    companions: CompanionChoice = CompanionChoice(),  # noqa: B008 (frozen)
) -> Source:
    """Open a video, an image folder, an image, or a rosbag2 (folder, .mcap or .db3).

    camera: None assumes a field of view, or takes the bag's CameraInfo. frame_rate: frames a
    second, replaces the times of a video or folder. topic: the image topic of a bag. companions:
    of a bag, poses of its camera and depth.
    Raises InputFileError, CameraError or ImageError.
    """
    path = Path(path)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror}") from None
    if not exists:
        raise InputFileError(f"{path} does not exist")
    if frame_rate is not None and not (math.isfinite(frame_rate) and 0 < frame_rate <= 1000):
        raise InputFileError(f"{frame_rate:g} frames a second is not between 0 and 1000")
    if is_bag(path):
        if frame_rate is not None:
            raise InputFileError(f"{path} is a bag, whose images carry stamps: leave out --fps")
        return BagSource(path, camera, topic, companions)
    if topic is not None or companions.is_any:
        raise InputFileError(
            f"{path} is no rosbag2 and has no topics: leave out --topic, --fixed-frame, "
            "--ground-frame and --depth-topic"
        )
    if is_folder or is_image(path):
        return ImageFolderSource(path, camera, frame_rate)
    if path.suffix == ".bag":
        raise InputFileError(
            f"{path} is a ROS 1 bag: `rosbags-convert --src {path.name} --dst NEW` makes a rosbag2"
        )
    return VideoSource(path, camera, frame_rate)

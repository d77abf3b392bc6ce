"""Files in and out: videos, image folders, rosbag2, boxes and tracks in MOT format, results.

A `Source` yields frames lazily; a writer is a context manager that takes one frame's result at a
time. Nothing here needs a ROS installation.
"""

from .bags.bag_companions import CompanionChoice
from .bags.bag_messages import message_typestore, read_messages
from .bags.camera_bag_writing import write_camera_bag
from .bags.camera_bags import BagSource
from .camera_choice import CameraChoice
from .images.calibration import Calibration, camera_from_message, camera_info_fields
from .images.compressed_messages import compressed_message_to_bgr
from .images.deep_images import DeepImages
from .images.image_folder import ImageFolderSource
from .images.image_messages import depth_message_to_metres, image_message_to_bgr, is_known_encoding
from .results.mot_files import MotBoxes, MotWriter, read_mot
from .results.people_file import PeopleWriter
from .results.run_summary import (
    BoxCount,
    PeopleCount,
    StageTimes,
    percentiles,
    summary_table,
    versions,
    write_summary,
)
from .results.side_output import SideOutput
from .results.smoothed_mot import SmoothedMotWriter
from .source import Source
from .source_opening import open_source
from .video.live_camera import LiveCamera
from .video.video_source import VideoSource
from .video.video_writer import VideoWriter

__all__ = [
    "BagSource",
    "BoxCount",
    "Calibration",
    "CameraChoice",
    "CompanionChoice",
    "DeepImages",
    "ImageFolderSource",
    "LiveCamera",
    "MotBoxes",
    "MotWriter",
    "PeopleCount",
    "PeopleWriter",
    "SideOutput",
    "SmoothedMotWriter",
    "Source",
    "StageTimes",
    "VideoSource",
    "VideoWriter",
    "camera_from_message",
    "camera_info_fields",
    "compressed_message_to_bgr",
    "depth_message_to_metres",
    "image_message_to_bgr",
    "is_known_encoding",
    "message_typestore",
    "open_source",
    "percentiles",
    "read_messages",
    "read_mot",
    "summary_table",
    "versions",
    "write_camera_bag",
    "write_summary",
]

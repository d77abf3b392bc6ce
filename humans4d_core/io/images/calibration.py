"""sensor_msgs/CameraInfo <-> Camera, without ROS.

Works on any object with the fields of CameraInfo: rclpy's messages and deserialised ones alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import CameraError
from ...types import Camera


@dataclass(frozen=True)
class Calibration:
    """What one CameraInfo says; the size of an image decides which camera it has."""

    camera: Camera  #: of the images that CameraInfo describes: binning and region applied
    whole: Camera  #: of images that were neither binned nor cut to the region of interest
    any_size: bool = False  #: CameraInfo has width = height = 0: it holds for images of any size

    @classmethod
    def from_message(cls, message, rectified: bool = False) -> Calibration:
        """rectified: the images are rectified, so P holds (no distortion) instead of K and D.

        Raises CameraError where K is zero (REP-104: not calibrated).
        """
        width, height = int(message.width), int(message.height)
        if rectified and message.p[0] > 0:
            p = message.p
            k, d = (p[0], 0, p[2], 0, p[5], p[6], 0, 0, 1), ()
        else:
            k, d = message.k, message.d
        any_size = width == 0 and height == 0
        # A camera has a size: the true one is the image's, later.
        size = (1, 1) if any_size else (width, height)
        whole = Camera.from_camera_info(k, *size, d, message.distortion_model or "plumb_bob")
        roi, left, top = message.roi, 0, 0
        if roi.width and roi.height:
            left, top, width, height = (
                int(v) for v in (roi.x_offset, roi.y_offset, roi.width, roi.height)
            )
            any_size = False
        # 0 means the same as 1.
        x, y = max(int(message.binning_x), 1), max(int(message.binning_y), 1)
        # As image_geometry does it.
        camera = replace(
            whole,
            fx=whole.fx / x,
            fy=whole.fy / y,
            cx=(whole.cx - left) / x,
            cy=(whole.cy - top) / y,
            width=1 if any_size else width // x,
            height=1 if any_size else height // y,
        )
        return cls(camera, whole, any_size)

    def is_of(self, width: int, height: int) -> bool:
        """Whether it describes images of this size (pixels), so that nothing has to be scaled."""
        return self.any_size or (self.camera.width, self.camera.height) == (width, height)

    def camera_for(self, width: int, height: int) -> Camera | None:
        """The camera of an image of this size (pixels); None where CameraInfo is not of it.

        An image as large as the whole sensor was not cut, whatever the region of interest says;
        one that is smaller or larger by a whole factor was resized after CameraInfo was made.
        """
        if self.any_size:
            return replace(self.camera, width=width, height=height)
        if (self.whole.width, self.whole.height) == (width, height) and not self.is_of(
            width, height
        ):
            return self.whole
        return self.camera.scaled_by_whole_factor(width, height)

    @property
    def size(self) -> str:
        """Of the images that it describes, for people to read."""
        return "any size" if self.any_size else f"{self.camera.width}x{self.camera.height}"


def camera_from_message(message, rectified: bool = False) -> Camera:
    """sensor_msgs/CameraInfo -> Camera of the images it describes; binning and region applied.

    rectified: as in `Calibration.from_message`. Raises CameraError where K is zero, or width and
    height are.
    """
    calibration = Calibration.from_message(message, rectified)
    if calibration.any_size:
        raise CameraError("CameraInfo has no image size (0x0): it holds for images of any size")
    return calibration.camera


def camera_info_fields(camera: Camera) -> dict:
    """Camera -> the fields of sensor_msgs/CameraInfo but its header, binning and ROI."""
    k = camera.matrix
    return {
        "height": camera.height,
        "width": camera.width,
        "distortion_model": camera.distortion_model,
        "d": np.array(camera.distortion or (0.0,) * 5, np.float64),
        "k": k.ravel(),
        "r": np.eye(3).ravel(),
        "p": np.column_stack((k, np.zeros(3))).ravel(),
    }

"""Which camera took an image: from CameraInfo, or from a field of view."""

from __future__ import annotations

from humans4d_core.errors import CameraError, ImageError
from humans4d_core.io.image_messages import camera_from_message
from humans4d_core.types import Camera


class CameraSource:
    """The latest calibration for each image size.

    `update` runs in the executor and `camera_for` in the worker; neither waits for the other.
    """

    def __init__(self, horizontal_fov: float = 0.0, images_are_rectified: bool = False):
        """`horizontal_fov` radians; above 0 it replaces every CameraInfo."""
        self._horizontal_fov = horizontal_fov
        self._images_are_rectified = images_are_rectified
        self._cameras: dict[tuple[int, int], Camera] = {}
        self._problem = (
            "no CameraInfo has come yet: publish it on this node's topic 'camera_info', or set the "
            "parameter 'horizontal_fov' (radians)"
        )
        self._last_key: tuple | None = None

    def update(self, message) -> bool:
        """Take a sensor_msgs/CameraInfo; True if it says something new."""
        key = _calibration(message)
        if key == self._last_key:
            return False
        self._last_key = key
        try:
            camera = camera_from_message(message, self._images_are_rectified)
        except CameraError as error:
            # The calibration that was withdrawn must not go on being used.
            self._cameras.clear()
            self._problem = f"CameraInfo cannot be used: {error} (parameter 'horizontal_fov')"
        else:
            self._cameras[camera.width, camera.height] = camera
        return True

    def camera_for(self, width: int, height: int) -> Camera:
        """The camera of images of this size (pixels); raises CameraError, ImageError."""
        if self._horizontal_fov > 0:
            return Camera.from_fov(width, height, self._horizontal_fov)
        camera = self._cameras.get((width, height))
        if camera is not None:
            return camera
        known = ", ".join(f"{w}x{h}" for w, h in list(self._cameras))
        if not known:
            raise CameraError(self._problem)
        raise ImageError(
            f"image is {width}x{height} but CameraInfo is of {known}: give this node both topics "
            "of one camera"
        )


def _calibration(message) -> tuple:
    """All of a CameraInfo but its header."""
    roi = message.roi
    return (
        *(message.width, message.height, message.binning_x, message.binning_y),
        *(roi.x_offset, roi.y_offset, roi.width, roi.height, message.distortion_model),
        *(tuple(message.d), tuple(message.k), tuple(message.p)),
    )

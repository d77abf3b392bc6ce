"""An image message and what is known of its moment -> the Frame that the pipeline takes."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CompressedImage

from humans4d_core.errors import ImageError
from humans4d_core.io.image_messages import (
    compressed_message_to_bgr,
    depth_message_to_metres,
    image_message_to_bgr,
    is_known_encoding,
)
from humans4d_core.types import Frame, Pose

from .cameras import CameraSource
from .depth import DepthBuffer
from .diagnostics import Statistics
from .inputs import Arrival
from .parameters import NodeParameters
from .refusals import DepthError, join_valid_stamp
from .transform_listener import TransformListener


class FrameSource:
    """Decodes images and looks up what belongs to them, in the worker."""

    def __init__(
        self,
        cameras: CameraSource,
        transforms: TransformListener | None,
        depth: DepthBuffer | None,
        statistics: Statistics,
    ):
        self._cameras = cameras
        self._transforms = transforms
        self._depth = depth
        self._statistics = statistics

    def frame(self, arrival: Arrival, settings: NodeParameters) -> Frame:
        """Raises Humans4dError where the image, or what it needs, cannot be used."""
        message = arrival.message
        image_bgr = _decoded(message)
        height, width = image_bgr.shape[:2]
        stamp_ns = join_valid_stamp(message.header.stamp)
        camera = self._cameras.camera_for(width, height, stamp_ns)
        frame_id = message.header.frame_id
        fixed = self._camera_in(settings.target_frame, frame_id, stamp_ns, settings)
        ground = fixed
        if settings.ground_frame != settings.target_frame:
            ground = self._camera_in(settings.ground_frame, frame_id, stamp_ns, settings)
        return Frame(
            image_bgr,
            stamp_ns,
            camera,
            frame_id,
            fixed_from_camera=fixed,
            ground_from_camera=ground,
            depth_m=self._depth_of(stamp_ns, (height, width), settings),
        )

    def _camera_in(
        self, target: str, frame_id: str, stamp_ns: int, settings: NodeParameters
    ) -> Pose | None:
        if not target:
            return None
        return self._transforms.lookup(target, frame_id, stamp_ns, settings.tf_timeout)

    def _depth_of(
        self, stamp_ns: int, shape: tuple[int, int], settings: NodeParameters
    ) -> np.ndarray | None:
        """None where there is none that can be used: the image is good without it."""
        if self._depth is None:
            return None
        message = self._depth.take(stamp_ns, settings.depth_tolerance)
        if message is None:
            self._statistics.image_without_depth()
            return None
        try:
            depth_m = depth_message_to_metres(message)
            if depth_m.shape != shape:
                raise DepthError(
                    f"depth is {depth_m.shape[1]}x{depth_m.shape[0]} but the image is "
                    f"{shape[1]}x{shape[0]}: give the depth that is aligned to the colour image"
                )
        except (ImageError, DepthError) as error:
            self._statistics.input_refused("depth", str(error))
            self._statistics.image_without_depth()
            return None
        return depth_m


def _decoded(message) -> np.ndarray:
    """(H, W, 3) uint8 BGR; raises ImageError."""
    if isinstance(message, CompressedImage):
        return compressed_message_to_bgr(message)
    if is_known_encoding(message.encoding):
        return image_message_to_bgr(message)
    return _decoded_by_cv_bridge(message)


def _decoded_by_cv_bridge(message) -> np.ndarray:
    """Encodings that are rare, where cv_bridge is installed."""
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError:
        try:
            return image_message_to_bgr(message)  # says which encodings there are
        except ImageError as error:
            raise ImageError(f"{error}; others need the package cv_bridge") from None
    try:
        image = CvBridge().imgmsg_to_cv2(message, "bgr8")
    except (CvBridgeError, ValueError, TypeError, RuntimeError) as error:
        raise ImageError(f"image encoding '{message.encoding}': {error}") from None
    return np.ascontiguousarray(image)

"""An image message and what is known of its moment -> the Frame that the pipeline takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sensor_msgs.msg import CompressedImage

from humans4d_core.errors import ImageError
from humans4d_core.io.bags.picture_topics import holds_depth
from humans4d_core.io.images.compressed_messages import compressed_message_to_bgr, encoding_of
from humans4d_core.io.images.deep_images import DeepImages
from humans4d_core.io.images.image_health import ImageHealth
from humans4d_core.io.images.image_messages import (
    depth_message_to_metres,
    image_message_to_bgr,
    is_known_encoding,
)
from humans4d_core.shown_text import shown
from humans4d_core.types import Frame, Pose

from ..diagnostics.counters import Counters
from ..parameters.parameter_table import NodeParameters
from ..tf.transform_listener import TransformListener
from .camera_info import CameraSource
from .depth_images import DepthBuffer
from .node_inputs import Arrival
from .refusals import DepthError, join_valid_stamp


class FrameSource:
    """Decodes images and looks up what belongs to them, in the worker."""

    def __init__(
        self,
        cameras: CameraSource,
        transforms: TransformListener | None,
        depth: DepthBuffer | None,
        counters: Counters,
        image_topic: str = "",
        tell: Callable[[str], None] = lambda text: None,
    ):
        """`image_topic`: full name; it says whether 16-bit images are depth. `tell`: takes what is
        assumed about the images, once."""
        self._cameras = cameras
        self._transforms = transforms
        self._depth = depth
        self._counters = counters
        self._image_topic = image_topic
        self._tell = tell
        self._told = ""
        self._deep = DeepImages()
        self._health = ImageHealth()

    def frame(self, arrival: Arrival, settings: NodeParameters) -> Frame:
        """Raises Humans4dError where the image, or what it needs, cannot be used."""
        message = arrival.message
        image_bgr = self._decoded(message)
        self._counters.image_looked_at(self._health.look(image_bgr, arrival.received))
        height, width = image_bgr.shape[:2]
        stamp_ns = arrival.stamp_ns
        if stamp_ns is None:
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

    def _decoded(self, message) -> np.ndarray:
        """(H, W, 3) uint8 BGR; raises ImageError."""
        compressed = isinstance(message, CompressedImage)
        encoding = encoding_of(message) if compressed else message.encoding
        if holds_depth(encoding, self._image_topic, message.header.frame_id):
            raise ImageError(
                f"image on {shown(self._image_topic)} holds depth only ({encoding}): listen to the "
                "colour images"
            )
        if compressed:
            image_bgr = compressed_message_to_bgr(message, self._deep)
        elif is_known_encoding(encoding):
            image_bgr = image_message_to_bgr(message, self._deep)
        else:
            return _decoded_by_cv_bridge(message)
        if self._deep.description != self._told:
            self._told = self._deep.description
            self._tell(self._told)
        return image_bgr

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
            self._counters.image_without_depth()
            return None
        try:
            depth_m = depth_message_to_metres(message)
            if depth_m.shape != shape:
                raise DepthError(
                    f"depth is {depth_m.shape[1]}x{depth_m.shape[0]} but the image is "
                    f"{shape[1]}x{shape[0]}: give the depth that is aligned to the colour image"
                )
        except (ImageError, DepthError) as error:
            self._counters.input_refused("depth", str(error))
            self._counters.image_without_depth()
            return None
        return depth_m


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

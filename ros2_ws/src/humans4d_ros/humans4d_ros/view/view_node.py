"""People, camera and image of a node's topics -> the view in the browser.

Listens to `humans4d/people`, `humans4d/forecasts` and `humans4d/body_model`, to `image` or
`image/compressed` and `camera_info`, and to TF. Messages are read only while a browser is there.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from humans4d_msgs.msg import BodyModel, PeopleForecast, TrackedPeople
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from humans4d_core.config.privacy import PRIVACY
from humans4d_core.drawing import private_image
from humans4d_core.errors import Humans4dError, TransformError
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.io.bags.people_messages import (
    OPTICAL,
    message_to_forecast,
    message_to_people,
)
from humans4d_core.io.images.compressed_messages import compressed_message_to_bgr
from humans4d_core.io.images.image_messages import image_message_to_bgr
from humans4d_core.types import Camera, Pose
from humans4d_core.viewer import LiveView, ViewFrame
from humans4d_core.viewer.view_frame import level_pose

from ..inputs.refusals import LOG_PERIOD
from ..tf.transform_listener import TransformListener
from .other_nodes import OtherNodes

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: s between looks for a browser that has come since the last message.
LOOK = 0.5
HERE = Pose(np.eye(3), np.zeros(3))
#: Field of view, radians over the width, of a camera without calibration.
ANY_FOV = 1.0


class ViewNode(Node):
    """Shows what it hears; `view.address` says where.

    Parameters: `host`, `port` (0: the first free one from 8080 on), `privacy` (none, heads: hidden
    in the image, no_image) and `world_frame`: a TF frame with z up in which people are shown, such
    as odom. Empty: the frame of the messages, with z up unless its name ends as an optical frame's.
    `others`: topics of people of further nodes, whose ids are shown 1000, 2000, ... higher; they
    need `world_frame`. Raises Humans4dError where it cannot listen there, ValueError for another
    privacy and for others without a world.
    """

    def __init__(self, **arguments):
        super().__init__("humans4d_view", **arguments)
        host = self.declare_parameter("host", "127.0.0.1").value
        port = self.declare_parameter("port", 0).value
        self._privacy = self.declare_parameter("privacy", "none").value
        if self._privacy not in PRIVACY:
            raise ValueError(f"privacy is '{self._privacy}': give one of {', '.join(PRIVACY)}")
        self._world_frame = self.declare_parameter("world_frame", "").value.strip("/")
        others = [t for t in self.declare_parameter("others", [""]).value or () if t]
        if others and not self._world_frame:
            raise ValueError("others need world_frame: a TF frame that all nodes' cameras are in")
        self.view = LiveView(np.zeros((0, 3), np.int32), host, port or None)
        self._transforms = TransformListener(self, self._tell)
        self._transforms.open()
        self._people: bytes | None = None  # not shown yet
        self._forecast: PeopleForecast | None = None  # that came last
        self._shown: ViewFrame | None = None  # what was shown last
        self._image: tuple[np.ndarray, str] | None = None  # and its frame
        self._camera: Camera | None = None
        for kind, topic, callback, qos, raw in (
            (TrackedPeople, "humans4d/people", self._take_people, 1, True),
            (BodyModel, "humans4d/body_model", self._take_body, LATCHED, False),
            (Image, "image", self._take_image, qos_profile_sensor_data, True),
            (CompressedImage, "image/compressed", self._take_compressed, qos_profile_sensor_data,
             True),
            (CameraInfo, "camera_info", self._take_camera, qos_profile_sensor_data, False),
        ):  # fmt: skip
            self.create_subscription(kind, topic, callback, qos, raw=raw)
        self._others = OtherNodes(self, others, self._world_from, self._show_all)
        self._forecasts: Subscription | None = None
        self.create_timer(LOOK, self._look)
        topic = self.resolve_topic_name("humans4d/people")
        self.get_logger().info(f"listening to {topic}, view: {self.view.address}")

    def destroy_node(self) -> None:
        """End the server, too."""
        self.view.close()
        super().destroy_node()

    def _look(self) -> None:
        """Nodes make forecasts for those who listen: as long as a browser is there."""
        if self.view.has_viewers and self._forecasts is None:
            self._forecasts = self.create_subscription(
                PeopleForecast, "humans4d/forecasts", self._take_forecast, 1
            )
        elif not self.view.has_viewers and self._forecasts is not None:
            self.destroy_subscription(self._forecasts)
            self._forecasts = None
        self._show()

    def _take_people(self, serialized: bytes) -> None:
        self._people = serialized
        self._show()

    def _show(self) -> None:
        if self._people is None or not self.view.has_viewers:
            return
        serialized, self._people = self._people, None
        try:
            message = deserialize_message(serialized, TrackedPeople)
            self._shown = self._with_forecast(self._view_frame(message))
        except (ValueError, Humans4dError) as error:
            self._tell(error)
            return
        self._show_all()

    def _show_all(self) -> None:
        """What was seen last, and the people of the other nodes."""
        if self._shown is None or not self.view.has_viewers:
            return
        try:
            self.view.show(self._others.beside(self._shown))
        except ValueError as error:
            self._tell(error)

    def _take_forecast(self, message: PeopleForecast) -> None:
        """They are published before or after the people whom they are of."""
        self._forecast = message
        shown = self._shown
        if shown is None or shown.stamp_ns != join_stamp(message.header.stamp):
            return
        try:
            self._shown = self._with_forecast(shown)
        except ValueError as error:
            self._tell(error)
            return
        self._show_all()

    def _with_forecast(self, frame: ViewFrame) -> ViewFrame:
        message = self._forecast
        if message is None or frame.stamp_ns != join_stamp(message.header.stamp):
            return frame
        return replace(frame, forecast=message_to_forecast(message, frame.people))

    def _view_frame(self, message: TrackedPeople) -> ViewFrame:
        header, people = message.header, message_to_people(message)
        world, image_pose = self._world_from(header.frame_id, header.stamp), None
        camera = self._camera or _any_camera(message.image_width, message.image_height)
        image = None
        if self._image is not None:
            image, frame_id = self._image
            image = private_image(image, people, self._privacy)
            image_pose = self._world_from(frame_id, header.stamp)
        elif not header.frame_id.endswith(OPTICAL):
            camera = None  # nobody says where it is
        latency = message.latency_seconds
        return ViewFrame(
            join_stamp(header.stamp),
            people,
            camera,
            world,
            image,
            latency_s=None if math.isnan(latency) else latency,
            world_from_image=image_pose,
        )

    def _world_from(self, frame_id: str, stamp) -> Pose:
        if self._world_frame and frame_id.strip("/") != self._world_frame:
            try:
                return self._transforms.lookup(self._world_frame, frame_id, join_stamp(stamp), 0.0)
            except TransformError as error:
                self._tell(error)
        return level_pose(None) if frame_id.endswith(OPTICAL) else HERE

    def _take_body(self, message: BodyModel) -> None:
        faces = np.asarray(message.faces, np.int64)
        if len(faces) % 3 or (len(faces) and faces.max() >= message.num_vertices):
            self._tell(ValueError("the body model's faces are no triangles of its vertices"))
            return
        self.view.use_faces(faces.reshape(-1, 3).astype(np.int32))

    def _take_image(self, serialized: bytes) -> None:
        self._take_picture(serialized, Image, image_message_to_bgr)

    def _take_compressed(self, serialized: bytes) -> None:
        self._take_picture(serialized, CompressedImage, compressed_message_to_bgr)

    def _take_picture(self, serialized: bytes, kind: type, to_bgr) -> None:
        wanted = self.view.panel.shown.image and self._privacy != "no_image"
        if not (wanted and self.view.has_viewers):
            return
        try:
            message = deserialize_message(serialized, kind)
            self._image = (to_bgr(message), message.header.frame_id)
        except Humans4dError as error:
            self._tell(error)

    def _take_camera(self, message: CameraInfo) -> None:
        k = message.k
        if message.width and message.height and k[0] > 0 and k[4] > 0:
            self._camera = Camera(
                float(k[0]), float(k[4]), float(k[2]), float(k[5]),
                int(message.width), int(message.height),
            )  # fmt: skip

    def _tell(self, error: Exception) -> None:
        self.get_logger().warning(f"not shown: {error}", throttle_duration_sec=LOG_PERIOD)


def _any_camera(width: int, height: int) -> Camera | None:
    """Of an image of that size, of whose lens nothing is known; None: neither of its size."""
    if not (width and height):
        return None
    return Camera.from_fov(int(width), int(height), horizontal_fov=ANY_FOV)

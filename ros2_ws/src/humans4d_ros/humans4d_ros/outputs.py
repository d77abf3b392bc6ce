"""What the node publishes; a topic that nobody listens to costs nothing."""

from __future__ import annotations

import time
from array import array

from humans4d_msgs.msg import BodyModel, TrackedPeople
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from humans4d_core.body import BodyModel as Body
from humans4d_core.pipeline import Result
from humans4d_core.rendering import draw_overlay
from humans4d_core.types import Frame

from .conversions import body_model_to_message, latency_seconds, people_to_message, split_stamp
from .markers import PeopleMarkers
from .transforms import TFMessage, body_transforms

#: Reliable, so that every kind of subscription matches; short, so that nothing old waits.
QOS = QoSProfile(depth=5)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: What tf2's broadcasters use.
TF_QOS = QoSProfile(depth=100)


class Outputs:
    """The lifecycle publishers of a configured node."""

    def __init__(self, node, body: Body, detector: str, with_vertices: bool, with_tf: bool):
        self._node = node
        self._body = body
        self._detector = detector
        self._with_vertices = with_vertices
        self._shown = PeopleMarkers()
        create = node.create_lifecycle_publisher
        self._people = create(TrackedPeople, "~/people", QOS)
        self._body_model = create(BodyModel, "~/body_model", LATCHED)
        self._markers = create(MarkerArray, "~/markers", QOS)
        self._overlay = create(Image, "~/overlay", QoSProfile(depth=1))
        self._tf = create(TFMessage, "/tf", TF_QOS) if with_tf and TFMessage else None

    @property
    def has_tf(self) -> bool:
        return self._tf is not None

    def publish_body_model(self) -> None:
        self._body_model.publish(body_model_to_message(self._body))

    def publish(self, frame: Frame, result: Result, arrival: float) -> tuple[float, float]:
        """Everything about one image that came at `arrival` (time.monotonic).

        Returns `latency_seconds` and `node_seconds` as in TrackedPeople.
        """
        people = result.people
        # Transforms go first: who gets the people may look them up at the same stamp. A frame
        # without a name has no place in the tree.
        if self._tf is not None and frame.frame_id and self._tf.get_subscription_count():
            self._tf.publish(body_transforms(people, frame))
        message = None
        if self._people.get_subscription_count():
            message = people_to_message(
                people,
                stamp_ns=frame.stamp_ns,
                frame_id=frame.frame_id,
                detector=self._detector,
                seconds=result.seconds,
                with_vertices=self._with_vertices,
            )
        latency = latency_seconds(frame.stamp_ns, self._node.get_clock().now().nanoseconds)
        node_seconds = time.monotonic() - arrival
        if message is not None:
            message.latency_seconds, message.node_seconds = latency, node_seconds
            self._people.publish(message)
        if self._markers.get_subscription_count():
            self._markers.publish(self._shown.update(people, frame))
        if self._overlay.get_subscription_count():
            self._overlay.publish(self._drawn(frame, result))
        return latency, node_seconds

    def clear_markers(self) -> None:
        self._markers.publish(self._shown.clear())

    def destroy(self) -> None:
        publishers = (self._people, self._body_model, self._markers, self._overlay, self._tf)
        for publisher in publishers:
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _drawn(self, frame: Frame, result: Result) -> Image:
        drawn = draw_overlay(frame.image_bgr, result.people, self._body.faces, frame.camera)
        height, width = drawn.shape[:2]
        image = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        image.data = array("B", drawn.tobytes())
        image.header.stamp.sec, image.header.stamp.nanosec = split_stamp(frame.stamp_ns)
        image.header.frame_id = frame.frame_id
        return image

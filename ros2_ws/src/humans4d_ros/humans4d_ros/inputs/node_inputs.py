"""What the node listens to while it is active: images and what belongs to their moment.

    image ─────────────▶ (boxes) ─▶ Arrival ─▶ worker: frames.py
    boxes ──────────────────▲                     ▲
    camera_info, depth, tf ─▶ kept until asked ────┘

Callbacks run in the executor and only hand over; everything that takes time is the worker's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from humans4d_core.errors import CameraError, Humans4dError, TransformError
from humans4d_core.shown_text import shown
from humans4d_core.stamps import ArrivalStamps, StampMeaning, StampOrder
from humans4d_core.types import Detections

from ..diagnostics.counters import Counters
from ..diagnostics.log_limit import LogLimit
from ..diagnostics.topic_watch import why_silent
from ..distributions import cannot_tell_of_events, subscription_events
from ..parameters.parameter_table import ParameterError, Settings
from ..tf.transform_listener import TransformListener
from .camera_info import CameraSource
from .depth_images import DepthBuffer
from .input_topics import camera_info_topic, image_topic
from .paired_boxes import (
    Pairing,
    boxes_message,
    boxes_message_type,
    detections_from_message,
)
from .qos_overrides import overridable
from .refusals import LOG_PERIOD, BoxesError, StampError, join_valid_stamp

#: Sensor data, and of it only the newest.
NEWEST = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)
#: For a CameraInfo that was published once, before this node was there.
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: Boxes are small, and of each image.
BOXES_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class Arrival:
    """An image on its way to the worker."""

    message: Image | CompressedImage
    received: float  #: time.monotonic
    detections: Detections | None = None  #: of another node; None: our detector's are wanted
    stamp_ns: int | None = None  #: what the image goes by; None: the message's stamp
    restarts: int = 0  #: how often time had begun anew before it


class Inputs:
    """The subscriptions of an active node, and what they have brought."""

    def __init__(self, node, cameras: CameraSource, settings: Settings, counters: Counters):
        """Raises Humans4dError where something that is to be heard is not installed."""
        self._node = node
        self._settings = settings.node
        self._counters = counters
        self._cameras = cameras
        self._subscriptions: list = []
        self._pairing: Pairing[Arrival] | None = None
        self._log_limit = LogLimit(LOG_PERIOD)
        #: What the images' stamps mean.
        self.order = StampOrder(settings.pipeline.restart_seconds)
        #: Those of the images that the worker could use.
        self.used: StampOrder | None = None
        self._restarts = 0
        self._image_stamps, self._depth_stamps = ArrivalStamps(), ArrivalStamps()
        self._told_of_arrivals = False
        self.depth = DepthBuffer() if self._settings.use_depth else None
        self.transforms: TransformListener | None = None
        if self._settings.target_frame or self._settings.ground_frame:
            self.transforms = TransformListener(node, self._refuse_transform)
        if settings.uses_boxes_topic:
            self._boxes_type = boxes_message_type()
            self._pairing = Pairing()

    @property
    def image(self):
        """The images' subscription; None while closed."""
        subscriptions = self._subscriptions  # another thread may close them
        return subscriptions[0] if subscriptions else None

    def why_silent(self) -> str:
        """Why no image comes, and what to do; empty while closed."""
        image = self.image
        try:
            return "" if image is None else why_silent(self._node, image)
        except RuntimeError:  # it was closed meanwhile
            return ""

    @property
    def topics(self) -> list[str]:
        """Full names, the images' first."""
        return list(dict.fromkeys(s.topic_name for s in self._subscriptions))

    def report(self) -> dict[str, str]:
        """What diagnostics show of it."""
        return {} if self.transforms is None else self.transforms.report()

    def open(self, offer: Callable[[Arrival], None]) -> None:
        """Listen. `offer` takes each image as it comes, with its boxes; it must not wait."""
        self._offer = offer
        settings = self._settings
        self._awaits_calibration = not settings.horizontal_fov
        self._look_again_at = 0.0
        self.order.reset()
        if self.transforms is not None:
            self.transforms.open()
        # Images and boxes in one group: they are paired without a lock.
        group = MutuallyExclusiveCallbackGroup()
        kind = CompressedImage if settings.image_transport == "compressed" else Image
        topic = image_topic(self._node, settings.image_transport)
        self._listen(kind, topic, self._receive, NEWEST, group, self._count_lost)
        if self._pairing is not None:
            receive = self._receive_serialized_boxes
            self._listen(self._boxes_type, "boxes", receive, BOXES_QOS, group, raw=True)
        if self.depth is not None:
            self._listen(Image, "depth", self._receive_depth, NEWEST)
        if not settings.horizontal_fov:
            self._cameras.topic = camera_info_topic(self._node)
            self._listen(CameraInfo, self._cameras.topic, self._calibrate, NEWEST)

    def close(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        if self.transforms is not None:
            self.transforms.close()

    def _listen(self, kind, topic: str, callback, qos, group=None, lost=None, raw=False):
        """Its QoS can be set by ROS's own parameters, `qos_overrides.TOPIC...`.

        Raises ParameterError where they say what no QoS is.
        """

        def create(lost):
            return self._node.create_subscription(
                kind,
                topic,
                callback,
                copy(qos),  # rclpy writes the overrides into it
                callback_group=group,
                event_callbacks=subscription_events(lost),
                qos_overriding_options=overridable(),
                raw=raw,
            )

        try:
            try:
                subscription = create(lost)
            except cannot_tell_of_events():
                subscription = create(None)
        except Exception as error:  # rclpy has many, none of which names the parameter
            raise ParameterError(
                f"cannot listen to {topic}: {shown(error)}; look at the parameters "
                f"qos_overrides.{topic}.subscription: {self._overrides(topic) or 'none is set'}"
            ) from error
        self._subscriptions.append(subscription)

    def _overrides(self, topic: str) -> str:
        """The QoS that parameters ask for on a topic."""
        begin = f"qos_overrides.{topic}.subscription."
        given = self._node._parameter_overrides
        return ", ".join(
            f"{name.removeprefix(begin)} = {shown(parameter.value)}"
            for name, parameter in given.items()
            if name.startswith(begin)
        )

    # Executor

    def _receive(self, message: Image | CompressedImage) -> None:
        received = time.monotonic()
        try:
            stamp_ns = self._stamp_of_image(message)
        except StampError as error:
            self._refuse_image("image", error)
            return
        meaning = self.order.take(stamp_ns, received)
        # Sent again, it may be wanted: the worker knows whether the first one was used.
        if meaning is StampMeaning.LATE and stamp_ns != self.order.newest_ns:
            self._counters.image_late()
            return
        if meaning is StampMeaning.RESTART:
            self._begin_anew(stamp_ns)
        arrival = Arrival(message, received, stamp_ns=stamp_ns, restarts=self._restarts)
        if self._awaits_calibration:
            self._look_for_latched_calibration(arrival.received)
        if self._pairing is None:
            self._offer(arrival)
            return
        self._offer_pair(self._pairing.add_image(stamp_ns, arrival, arrival.received))
        timeout = self._settings.boxes_timeout
        for _ in range(self._pairing.expire(timeout, arrival.received)):
            self._refuse_image(
                "boxes", BoxesError(f"no boxes came within {timeout:g} s under the image's stamp")
            )

    def _receive_serialized_boxes(self, serialized: bytes) -> None:
        try:
            message = boxes_message(serialized)
        except BoxesError as error:
            self._refuse("boxes", error)
            return
        self._receive_boxes(message)

    def _receive_boxes(self, message) -> None:
        try:
            stamp_ns = join_valid_stamp(message.header.stamp)
            detections = detections_from_message(message, self._settings.boxes_class)
        except (BoxesError, StampError) as error:
            self._refuse("boxes", error)
            return
        pair, overtaken = self._pairing.add_boxes(stamp_ns, detections)
        for _ in range(overtaken):
            self._counters.image_received(dropped_another=True)
        self._offer_pair(pair)

    def _offer_pair(self, pair: tuple[Arrival, Detections] | None) -> None:
        if pair is not None:
            self._offer(replace(pair[0], detections=pair[1]))

    def _receive_depth(self, message: Image) -> None:
        try:
            own_ns = join_valid_stamp(message.header.stamp)
            now_ns = self._node.get_clock().now().nanoseconds
            self.depth.put(message, self._depth_stamps.stamp(own_ns, now_ns))
        except StampError as error:
            self._refuse("depth", error)

    def _calibrate(self, message: CameraInfo) -> None:
        self._awaits_calibration = False
        size, k = f"{message.width}x{message.height}", message.k
        told = f"CameraInfo of {size}: fx={k[0]:.1f}, fy={k[4]:.1f}"
        try:
            if self._cameras.update(message):
                if self._cameras.varies:
                    self._node.get_logger().info(told, throttle_duration_sec=LOG_PERIOD)
                else:
                    self._node.get_logger().info(told)
        except (CameraError, StampError) as error:
            self._node.get_logger().warning(told, throttle_duration_sec=LOG_PERIOD)
            self._refuse("camera_info", error)

    def _look_for_latched_calibration(self, now: float) -> None:
        """Some publish CameraInfo once, and keep it for who asks for that.

        Asking from the start would make all other cameras warn of a subscription that does not fit.
        """
        if now < self._look_again_at:
            return
        self._look_again_at = now + 1.0
        topic = self._cameras.topic
        publishers = self._node.get_publishers_info_by_topic(topic)
        if any(p.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in publishers):
            self._awaits_calibration = False
            latched = self._node.create_subscription(CameraInfo, topic, self._calibrate, LATCHED)
            self._subscriptions.append(latched)

    def _stamp_of_image(self, message: Image | CompressedImage) -> int:
        """Its own, or the time of its arrival; raises StampError."""
        own_ns = join_valid_stamp(message.header.stamp)
        clock = self._node.get_clock()
        is_used = self.used is None or self.used.newest_ns == own_ns
        stamp_ns = self._image_stamps.stamp(own_ns, clock.now().nanoseconds, is_used)
        if not self._image_stamps.in_use:
            self._told_of_arrivals = False
            return stamp_ns
        what = "have no stamp" if own_ns == 0 else "all have one stamp"
        if self._pairing is not None:
            raise StampError(f"images {what}, so their boxes cannot be told: stamp both alike")
        self._counters.image_stamped_on_arrival()
        if not self._told_of_arrivals:
            self._told_of_arrivals = True
            whose = "the simulated clock" if clock.ros_time_is_active else "this machine's clock"
            self._node.get_logger().warning(
                f"images {what}: they go by the time of their arrival, by {whose}"
            )
        return stamp_ns

    def _begin_anew(self, stamp_ns: int) -> None:
        """Time went back (a bag that loops): what moved then is no guide."""
        self._restarts += 1
        self._counters.time_jumped_back()
        self._node.get_logger().warning(
            f"time jumped back to {stamp_ns * 1e-9:.3f} s: tracks start anew"
        )
        for held in (self.transforms, self.depth, self._pairing):
            if held is not None:
                held.clear()

    def _count_lost(self, event) -> None:
        self._counters.images_lost(event.total_count_change)

    def _refuse_transform(self, error: TransformError) -> None:
        self._refuse("transform", error)

    def _refuse(self, kind: str, error: Humans4dError) -> None:
        """Count and tell of a message that is not an image."""
        self._counters.input_refused(kind, str(error))
        self._tell(kind, error)

    def _refuse_image(self, reason: str, error: Humans4dError) -> None:
        """One that never gets to the worker."""
        self._counters.image_received(dropped_another=False)
        self._counters.image_refused(reason, str(error))
        self._tell("image", error)

    def _tell(self, kind: str, error: Humans4dError) -> None:
        if self._log_limit.is_due(kind):
            self._node.get_logger().warning(f"{kind} refused: {error}")

"""People of several cameras' nodes -> one list of people in one frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from functools import partial

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from humans4d_msgs.msg import BodyModel, TrackedPeople
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile

from humans4d_core.body import load_body
from humans4d_core.config import FusionConfig
from humans4d_core.config.part_config import info_of
from humans4d_core.errors import Humans4dError
from humans4d_core.fusion import ListRounds, PeopleFusion, with_mesh
from humans4d_core.shown_text import shown
from humans4d_core.types import People, Pose

from ..inputs.refusals import LOG_PERIOD
from ..names import namespace_name
from ..outputs.node_outputs import LATCHED, QOS
from ..outputs.people_messages import (
    body_model_to_message,
    latency_seconds,
    people_to_message,
)
from ..tf.transform_listener import TransformListener
from .camera_inbox import CameraInbox
from .fusion_diagnostics import FusionDiagnostics

#: Of a camera's messages, those that came while another was at work.
CAMERA_QOS = QoSProfile(depth=10)
#: s between looks for lists and transforms that have been waited for.
LOOK = 0.01
DIAGNOSTICS_PERIOD = 1.0
HERE = Pose(np.eye(3), np.zeros(3))


class FusionNode(Node):
    """Publishes `~/people`, the people of all cameras, and `~/body_model`.

    Parameters: `cameras`, namespaces of the cameras' nodes (their topics are
    NAMESPACE/humans4d/people); `target_frame`, a TF frame that does not move, in which people are
    told; `tf_timeout`, s that a message waits for its transform; `publish_vertices`; and those of
    FusionConfig. Raises Humans4dError for a wrong one.
    """

    def __init__(self, **arguments):
        super().__init__("humans4d_fusion", **arguments)
        self._names = _cameras(self.declare_parameter("cameras", [""]).value)
        self._frame = self.declare_parameter("target_frame", "").value.strip("/ ")
        if not self._frame:
            raise Humans4dError(
                "target_frame is empty: name a TF frame that does not move and that all cameras "
                "are in, such as odom"
            )
        patience = self.declare_parameter("tf_timeout", 0.1, _between(0.0, 10.0)).value
        with_mesh = self.declare_parameter("publish_vertices", True).value
        config = FusionConfig(**{f.name: self._declared(f) for f in fields(FusionConfig)})
        self._body = load_body() if with_mesh else None
        self._rounds = ListRounds(PeopleFusion(config), len(self._names))
        self._transforms = TransformListener(self, partial(self._tell, "TF"))
        self._transforms.open()
        self._inboxes = [CameraInbox(patience, partial(self._tell, name)) for name in self._names]
        self._people = self.create_publisher(TrackedPeople, "~/people", QOS)
        self._body_model = self.create_publisher(BodyModel, "~/body_model", LATCHED)
        if self._body is not None:
            self._body_model.publish(body_model_to_message(self._body))
        topics = [
            self.create_subscription(
                TrackedPeople, f"{name}/humans4d/people", self._taker(camera), CAMERA_QOS, raw=True
            ).topic_name
            for camera, name in enumerate(self._names)
        ]
        self._diagnostics = FusionDiagnostics(self, self._names, topics)
        self._status = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK, self._look, clock=steady)
        self.create_timer(DIAGNOSTICS_PERIOD, self._report, clock=steady)
        self.get_logger().info(f"listening to {', '.join(topics)}, people in {self._frame}")

    def _declared(self, item) -> float:
        info = info_of(item)
        descriptor = _between(info.low, info.high)
        descriptor.description = info.meaning
        return self.declare_parameter(item.name, item.default, descriptor).value

    def _taker(self, camera: int) -> Callable[[bytes], None]:
        def take(serialized: bytes) -> None:
            self._inboxes[camera].put(serialized, time.monotonic())
            self._take(camera)

        return take

    def _take(self, camera: int) -> None:
        inbox, start = self._inboxes[camera], time.monotonic()
        while (arrived := inbox.take(self._lookup, time.monotonic())) is not None:
            record, clock = self._rounds.cameras[camera], self.get_clock().now().nanoseconds
            refused = record.refused
            lists = self._rounds.take(
                camera, arrived.people, arrived.stamp_ns, arrived.camera_position, start,
                clock * 1e-9,
            )  # fmt: skip
            if record.refused > refused:
                self._tell(self._names[camera], record.reason)
            self._publish(lists, start)

    def _look(self) -> None:
        for camera in range(len(self._names)):
            self._take(camera)
        start = time.monotonic()
        self._publish(self._rounds.wait_over(start), start)

    def _lookup(self, frame_id: str, stamp_ns: int) -> Pose:
        if frame_id.strip("/") == self._frame:
            return HERE
        return self._transforms.lookup(self._frame, frame_id, stamp_ns, 0.0)

    def _publish(self, lists: list[tuple[int, People]], start: float) -> None:
        for stamp_ns, people in lists:
            if self._people.get_subscription_count():
                message = people_to_message(
                    self._with_mesh(people), stamp_ns=stamp_ns, frame_id=self._frame
                )
                now_ns = self.get_clock().now().nanoseconds
                message.latency_seconds = latency_seconds(stamp_ns, now_ns)
                message.node_seconds = time.monotonic() - start
                self._people.publish(message)
            self._diagnostics.published(people, time.monotonic() - start)

    def _with_mesh(self, people: People) -> People:
        if self._body is None or people.bodies.body_model != self._body.name:
            return people
        return with_mesh(people, self._body)

    def _tell(self, about: str, error: Exception | str) -> None:
        self.get_logger().warning(f"left out: {about}: {error}", throttle_duration_sec=LOG_PERIOD)

    def _report(self) -> None:
        report = self._diagnostics.status(self._rounds, self._inboxes, time.monotonic())
        message = DiagnosticArray(status=[report])
        message.header.stamp = self.get_clock().now().to_msg()
        self._status.publish(message)


def _cameras(names) -> list[str]:
    """Namespaces without their slashes at the end; Humans4dError where there is none, or one
    twice."""
    found = [namespace_name(name) for name in names or () if name.strip()]
    if not found:
        raise Humans4dError(
            "cameras is empty: name the namespaces of the cameras' nodes, such as [front, left]"
        )
    for name in found:
        if found.count(name) > 1:
            raise Humans4dError(f"cameras names '{shown(name)}' twice")
    return found


def _between(low: float, high: float) -> ParameterDescriptor:
    return ParameterDescriptor(
        floating_point_range=[FloatingPointRange(from_value=float(low), to_value=float(high))]
    )

"""TF as the worker sees it: transforms come in by the executor, the worker waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time

from humans4d_core.types import Pose

from .refusals import TransformError
from .transform_bytes import Transform, read_transforms
from .transform_tree import CACHE_SECONDS, TransformTree, pose_of

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # a machine with ROS from wheels whose underlay was not built
    TFMessage = None
try:
    import tf2_ros
except ImportError:  # ROS from wheels has none
    tf2_ros = None

#: What tf2's listeners use.
TF_QOS = QoSProfile(depth=100)
TF_STATIC_QOS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Tf2Tree:
    """tf2's own buffer behind TransformTree's words."""

    def __init__(self):
        # Without a node: fed by our subscriptions, no service of its own.
        self._buffer = tf2_ros.Buffer(Duration(seconds=CACHE_SECONDS))

    def insert(self, transform: Transform, is_static: bool) -> None:
        insert = self._buffer.set_transform_static if is_static else self._buffer.set_transform
        insert(_message(transform), "humans4d")

    def lookup(self, target: str, source: str, stamp_ns: int) -> Pose:
        try:
            found = self._buffer.lookup_transform_core(target, source, Time(nanoseconds=stamp_ns))
        except tf2_ros.TransformException as error:
            raise TransformError(str(error)) from None
        move, turn = found.transform.translation, found.transform.rotation
        return pose_of((turn.x, turn.y, turn.z, turn.w), (move.x, move.y, move.z))

    def clear(self) -> None:
        self._buffer.clear()


class TransformListener:
    """Listens to /tf and /tf_static while it is open."""

    def __init__(self, node, on_error: Callable[[TransformError], None]):
        """`on_error` is told of transforms that say nothing. Raises TransformError where TF is not
        installed."""
        if TFMessage is None:
            raise TransformError(
                "the package tf2_msgs is not installed, so 'target_frame' and 'ground_frame' "
                "cannot be looked up: install it, or leave them empty"
            )
        self._node = node
        self._on_error = on_error
        self._tree = TransformTree() if tf2_ros is None else Tf2Tree()
        self._changed = threading.Condition()
        self._is_open = False
        self._subscriptions: list = []

    def open(self) -> None:
        group = MutuallyExclusiveCallbackGroup()
        self._is_open = True
        self._subscriptions = [
            self._node.create_subscription(
                TFMessage, topic, callback, qos, callback_group=group, raw=True
            )
            for topic, callback, qos in (
                ("/tf_static", lambda data: self._insert(data, True), TF_STATIC_QOS),
                ("/tf", lambda data: self._insert(data, False), TF_QOS),
            )
        ]

    def lookup(self, target: str, source: str, stamp_ns: int, timeout: float) -> Pose:
        """The frame `source` in the frame `target` at a moment.

        Waits up to `timeout` seconds for a transform that is late: not to be called in the
        executor, which brings it. Raises TransformError.
        """
        what = f"no transform from '{source}' to '{target}' at the image's stamp"
        if not source:
            raise TransformError(f"{what}: the image has no frame_id")
        if stamp_ns == 0:  # tf2 would take the newest
            raise TransformError(f"{what}: the image has no stamp")
        target, source = target.lstrip("/"), source.lstrip("/")  # as ROS 1 had them
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                try:
                    return self._tree.lookup(target, source, stamp_ns)
                except TransformError as error:
                    left = deadline - time.monotonic()
                    if not error.may_still_come or left <= 0 or not self._is_open:
                        waited = f", waited {timeout:g} s" if error.may_still_come else ""
                        raise TransformError(f"{what}: {error}{waited}") from None
                self._changed.wait(left)

    def clear(self) -> None:
        """Time has jumped: what moves is forgotten."""
        with self._changed:
            self._tree.clear()

    def close(self) -> None:
        """Free the one who waits."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def _insert(self, data: bytes, is_static: bool) -> None:
        errors = []
        try:
            transforms = read_transforms(data)
        except TransformError as error:
            self._on_error(error)
            return
        with self._changed:
            for transform in transforms:
                try:
                    transform.check()
                    self._tree.insert(transform, is_static)
                except TransformError as error:
                    errors.append(error)
            self._changed.notify_all()
        for error in errors:
            self._on_error(error)


def _message(transform: Transform) -> TransformStamped:
    message = TransformStamped(child_frame_id=transform.child)
    header, move = message.header, message.transform.translation
    header.frame_id = transform.parent
    header.stamp.sec, header.stamp.nanosec = transform.seconds, transform.nanoseconds
    move.x, move.y, move.z = transform.translation
    turn = message.transform.rotation
    turn.x, turn.y, turn.z, turn.w = transform.quaternion
    return message

"""TF as the worker sees it: transforms come in by the executor, the worker waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import DurabilityPolicy, QoSProfile

from humans4d_core.errors import TransformError
from humans4d_core.transforms import TransformTree, read_transforms
from humans4d_core.transforms.transform_tree import MOST_FRAMES
from humans4d_core.types import Pose

from ..outputs.last_check import FARTHEST

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # a machine with ROS from wheels whose underlay was not built
    TFMessage = None

#: Rest between two looks for a transform that is waited for, in times of what the look took.
REST = 4
#: What tf2's listeners use.
TF_QOS = QoSProfile(depth=100)
TF_STATIC_QOS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


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
        self._tree = TransformTree()
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
        while True:
            with self._changed:
                start = time.monotonic()
                try:
                    pose = self._tree.lookup(target, source, stamp_ns)
                    break
                except TransformError as error:
                    now = time.monotonic()
                    left = deadline - now
                    if not error.may_still_come or left <= 0 or not self._is_open:
                        waited = f", waited {timeout:g} s" if error.may_still_come else ""
                        text = f"{what}: {error}{waited}"
                        raise TransformError(text, error.may_still_come) from None
                self._changed.wait(left)
            # Whatever arrives wakes this up: of a flood it looks at as much as leaves others time.
            time.sleep(min(REST * (now - start), left))
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.linalg.norm(pose.translation)
        if not distance <= FARTHEST:  # also where it is not a number
            raise TransformError(
                f"'{source}' is {distance:.3g} m from '{target}', more than {FARTHEST:g} m: choose "
                "a frame that is nearer to the robot"
            )
        return pose

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

    def report(self) -> dict[str, str]:
        """For diagnostics."""
        tree = self._tree
        return {"tf_frames": str(len(tree)), "tf_frames_forgotten": str(tree.forgotten)}

    def _insert(self, data: bytes, is_static: bool) -> None:
        errors = []
        try:
            transforms = read_transforms(data)
        except TransformError as error:
            self._on_error(error)
            return
        with self._changed:
            forgotten = self._tree.forgotten
            for transform in transforms:
                try:
                    transform.check()
                    self._tree.insert(transform, is_static)
                except TransformError as error:
                    errors.append(error)
            if self._tree.forgotten > forgotten:
                errors.append(
                    TransformError(
                        f"there are more than {MOST_FRAMES} frames on TF: those that were used "
                        "longest ago are forgotten"
                    )
                )
            self._changed.notify_all()
        for error in errors:
            self._on_error(error)

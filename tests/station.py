"""The other end of the node's topics, and the messages that it sends."""

import re
import threading
import time

import numpy as np
from node_processes import TIMEOUT, NodeProcess

from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera


class Station:
    """The other end of the node's topics: a camera that shows images, ears that keep messages."""

    def __init__(self):
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from humans4d_msgs.msg import BodyModel, TrackedPeople
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.qos import DurabilityPolicy, QoSProfile
        from rclpy.task import Future
        from sensor_msgs.msg import CameraInfo, CompressedImage, Image
        from tf2_msgs.msg import TFMessage
        from visualization_msgs.msg import MarkerArray

        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("station", context=self._context)
        self._changed = threading.Condition()
        self.received: dict[str, list] = {}
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.listen(TrackedPeople, "/humans4d/people", 100)
        self.listen(BodyModel, "/humans4d/body_model", latched)
        self.listen(TFMessage, "/tf", 100)
        self.listen(MarkerArray, "/humans4d/markers", 100)
        self.listen(DiagnosticArray, "/diagnostics", 100)
        self.images = self.node.create_publisher(Image, "/image", 1)
        self.compressed = self.node.create_publisher(CompressedImage, "/image/compressed", 1)
        self.infos = self.node.create_publisher(CameraInfo, "/camera_info", 1)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._closed = Future()
        spin = self._executor.spin_until_future_complete
        self._spinner = threading.Thread(target=spin, args=(self._closed,))
        self._spinner.start()

    def close(self) -> None:
        self._closed.set_result(None)
        self._spinner.join()
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def listen(self, kind, topic: str, qos):
        """Keep every message of a topic in `received`."""
        messages = self.received.setdefault(topic, [])

        def keep(message):
            with self._changed:
                messages.append(message)
                self._changed.notify_all()

        return self.node.create_subscription(kind, topic, keep, qos)

    def wait_for(self, find, what: str, timeout: float = TIMEOUT):
        """The first true value of `find()`, which is asked again at every message."""
        with self._changed:
            found = self._changed.wait_for(find, timeout)
        assert found, f"{what}: not within {timeout:g} s"
        return found

    def calibrate(self, node: NodeProcess, camera: Camera, **changes) -> None:
        """Publish CameraInfo until the node says that it has it."""
        from sensor_msgs.msg import CameraInfo

        message = CameraInfo(**{**camera_info_fields(camera), **changes})
        said = len(re.findall("CameraInfo of", node.output))
        deadline = time.monotonic() + TIMEOUT
        while len(re.findall("CameraInfo of", node.output)) == said:
            assert time.monotonic() < deadline, f"no CameraInfo arrived:\n{node.output}"
            self.infos.publish(message)
            with self._changed:
                self._changed.wait(0.1)

    def show(self, image_bgr: np.ndarray, stamp_ns: int):
        """Publish an image, wait for what the node says about it."""
        return self.answer(
            lambda: self.images.publish(image_message(image_bgr, stamp_ns)), stamp_ns
        )

    def answer(self, publish, stamp_ns: int | None = None):
        """The TrackedPeople of the image that `publish()` sends; it may get lost: three times.

        The image's stamp is stamp_ns, or the one that `publish()` returns.
        """
        people = self.received["/humans4d/people"]

        def find():
            return next((m for m in reversed(people) if nanoseconds(m) == stamp_ns), None)

        for timeout in (TIMEOUT / 6, TIMEOUT / 6, TIMEOUT):
            stamp_ns = publish() or stamp_ns
            with self._changed:
                if found := self._changed.wait_for(find, timeout):
                    return found
        raise AssertionError(f"no people for the image of {stamp_ns}: {self.diagnostics()}")

    def diagnostics(self) -> dict[str, str]:
        """The last report's values, and its level (0 to 3) and message."""
        reports = self.received["/diagnostics"]
        status = self.wait_for(lambda: reports and reports[-1].status[0], "diagnostics")
        values = {value.key: value.value for value in status.values}
        return {**values, "level": status.level[0], "message": status.message}

    def wait_for_diagnostics(self, is_it, what: str) -> dict[str, str]:
        return self.wait_for(lambda: (d := self.diagnostics()) and is_it(d) and d, what)


def nanoseconds(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def image_message(image_bgr: np.ndarray, stamp_ns: int, **changes):
    """sensor_msgs/Image, bgr8 unless `changes` say otherwise."""
    from array import array

    from sensor_msgs.msg import Image

    height, width = image_bgr.shape[:2]
    data = array("B", image_bgr.tobytes())
    fields = dict(height=height, width=width, encoding="bgr8", step=3 * width, data=data)
    message = Image(**{**fields, **changes})
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    message.header.frame_id = "camera_optical_frame"
    return message

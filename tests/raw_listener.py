"""Raw messages of topics, with their arrival."""

import threading
import time

from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image

CAMERA_TOPICS = {"/camera/image_raw": Image, "/camera/camera_info": CameraInfo}


class Listener:
    """Raw messages of some topics, with their arrival, collected in a thread."""

    def __init__(self, node, topics, qos=qos_profile_sensor_data):
        self.messages = []
        for topic, type_ in topics.items():

            def note(data, topic=topic):
                self.messages.append((topic, time.monotonic(), bytes(data)))

            node.create_subscription(type_, topic, note, qos, raw=True)
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._executor.spin)
        self._thread.start()

    def wait(self, count: int, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while len(self.messages) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.messages) >= count

    def of(self, topic: str) -> list[bytes]:
        return [data for name, _, data in self.messages if name == topic]

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join()

"""People shown to the adapters, and what these make of them."""

import rclpy
from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.adapters import ADAPTERS
from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.process.ros_session import message_class
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

STAMP = 1_700_000_000_123_456_789
SIZE = (640, 480)


class Rig:
    """Shows people to the adapters of this or of another process and listens to them."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("test", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._nodes = [self.node]
        self.people = self.node.create_publisher(TrackedPeople, "humans4d/people", 5)
        self.received = {}

    def run(self, name: str, *parameters: Parameter, namespace: str = "") -> None:
        """An adapter in this process."""
        adapter = ADAPTERS[name].create(
            context=self.context, parameter_overrides=list(parameters), namespace=namespace
        )
        self._nodes.append(adapter)
        self._executor.add_node(self._nodes[-1])

    def listen(self, type_name: str, topic: str) -> list:
        self.received[topic] = messages = []
        self.node.create_subscription(message_class(type_name), topic, messages.append, 10)
        return messages

    def show(self, people, until, **changes) -> None:
        """Publish people again and again until something has come of it."""
        message = people_to_message(
            people, stamp_ns=STAMP, frame_id="odom", image_size=SIZE, **changes
        )
        for _ in range(300):
            self.people.publish(message)
            for _ in range(20):  # several messages may wait at once
                self._executor.spin_once(timeout_sec=0.005)
            if until():
                return
        raise AssertionError(f"only {self.received}")

    def close(self) -> None:
        self._executor.shutdown()
        for node in self._nodes:
            node.destroy_node()
        self.context.try_shutdown()

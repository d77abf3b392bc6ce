"""What all adapters share: they listen to the node's people."""

from __future__ import annotations

from humans4d_msgs.msg import HumanMesh, TrackedPeople
from rclpy.node import Node
from rclpy.qos import QoSProfile

#: Reliable: a lost list of people would look like people who stopped. Of lists, only the newest.
PEOPLE_QOS = QoSProfile(depth=1)
QOS = QoSProfile(depth=5)
#: Seconds between log lines about messages that cannot be used.
LOG_PERIOD = 5.0


class PeopleListener(Node):
    """Calls `adapt` for each list of people on the topic `humans4d/people`."""

    def __init__(self, name: str, **arguments):
        super().__init__(name, **arguments)
        people = self.create_subscription(
            TrackedPeople, "humans4d/people", self._receive, PEOPLE_QOS
        )
        self.get_logger().info(f"listening to {people.topic_name}")

    def adapt(self, message: TrackedPeople) -> None:
        raise NotImplementedError

    def _receive(self, message: TrackedPeople) -> None:
        try:
            self.adapt(message)
        except ValueError as error:  # somebody else's people, not as the message promises
            self.get_logger().error(f"people left out: {error}", throttle_duration_sec=LOG_PERIOD)


def present_people(message: TrackedPeople) -> list[HumanMesh]:
    """Those who are there, seen or hidden; neither new and doubtful nor gone."""
    there = (HumanMesh.CONFIRMED, HumanMesh.OCCLUDED)
    return [mesh for mesh in message.people if mesh.state in there]

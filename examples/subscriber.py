"""Listens to the node: who is where, as planners read it.

./run exec python examples/subscriber.py
"""

import rclpy
from humans4d_msgs.msg import HumanMesh, TrackedPeople


def on_people(message: TrackedPeople) -> None:
    """Prints where everybody is and how fast."""
    for person in message.people:
        if person.state in (HumanMesh.CONFIRMED, HumanMesh.OCCLUDED):
            at, speed = person.pose.pose.position, person.twist.twist.linear
            print(f"{person.track_id}: {at.x:.2f} {at.y:.2f} {at.z:.2f} m in "
                  f"{message.header.frame_id}, {speed.x:.2f} {speed.y:.2f} {speed.z:.2f} m/s",
                  flush=True)  # fmt: skip


rclpy.init()
node = rclpy.create_node("listener")
node.create_subscription(TrackedPeople, "/humans4d/people", on_people, 5)
rclpy.spin(node)

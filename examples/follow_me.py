"""Follows the nearest person at a distance of 1.5 m: velocity commands for a robot's base.

./run exec python examples/follow_me.py      # people in the camera's optical frame, on /cmd_vel

Stands still unless somebody is seen now, well enough, and the message is fresh.
"""

import math
import time

import rclpy
from geometry_msgs.msg import Twist
from humans4d_msgs.msg import HumanMesh, TrackedPeople

KEEP, FASTEST, TURN = 1.5, 0.6, 0.8  # m, m/s, rad/s
OLDEST, VAGUE = 0.5, 1.0  # s, m of standard deviation along the ray


def command(message: TrackedPeople) -> Twist:
    """Velocity towards the nearest person; standing still where nobody is sure and near."""
    twist = Twist()
    if message.latency_seconds > OLDEST:  # NaN, of an unknown age, is let through
        return twist
    seen = [p for p in message.people if p.state == HumanMesh.CONFIRMED and p.confidence > 0.5]
    sure = [p for p in seen if math.sqrt(p.pose.covariance[14]) < VAGUE]  # of z, ahead
    if sure:
        at = min((p.pose.pose.position for p in sure), key=lambda p: math.hypot(p.x, p.z))
        ahead, angle = math.hypot(at.x, at.z) - KEEP, math.atan2(-at.x, at.z)
        twist.angular.z = max(-TURN, min(TURN, 1.5 * angle))
        # Forwards only, slower while turning: nobody is behind the camera to be backed away from.
        twist.linear.x = max(0.0, min(FASTEST, 0.5 * ahead)) * max(0.0, math.cos(angle))
    return twist


def follow() -> None:
    """Sends commands until interrupted; what is old stops the robot."""
    node, last = rclpy.create_node("follow_me"), [-math.inf, Twist()]
    commands = node.create_publisher(Twist, "cmd_vel", 1)
    remember = lambda m: last.__setitem__(slice(None), [time.monotonic(), command(m)])  # noqa: E731
    node.create_subscription(TrackedPeople, "/humans4d/people", remember, 1)
    fresh = lambda: last[1] if time.monotonic() - last[0] < OLDEST else Twist()  # noqa: E731
    node.create_timer(0.05, lambda: commands.publish(fresh()))
    rclpy.spin(node)


if __name__ == "__main__":
    rclpy.init()
    follow()

"""The example of a subscriber hears what the node would publish."""

import os
import subprocess
import sys
import threading

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_msgs.msg import HumanMesh, TrackedPeople
from places import ROOT
from rclpy.executors import SingleThreadedExecutor


def test_says_who_is_where():
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "examples/subscriber.py")], stdout=subprocess.PIPE, text=True
    )
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("speaker", context=context)
    publisher = node.create_publisher(TrackedPeople, "/humans4d/people", 5)
    gone, there = HumanMesh(track_id=6, state=HumanMesh.LOST), HumanMesh(track_id=7)
    there.state, there.pose.pose.position.x = HumanMesh.CONFIRMED, 2.5
    message = TrackedPeople(people=[gone, there])
    message.header.frame_id = "odom"
    # Published until it is heard: the two find each other some time.
    timer = node.create_timer(0.1, lambda: publisher.publish(message))
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    watch = threading.Timer(60, process.kill)
    watch.start()
    try:
        spinner = threading.Thread(target=executor.spin)
        spinner.start()
        assert process.stdout.readline() == "7: 2.50 0.00 0.00 m in odom, 0.00 0.00 0.00 m/s\n"
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        node.destroy_timer(timer)
        executor.shutdown()
        spinner.join()
        node.destroy_node()
        context.try_shutdown()

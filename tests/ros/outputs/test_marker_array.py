"""Markers written as bytes: the same bytes as rclpy's of the same message."""

import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from geometry_msgs.msg import Point
from humans4d_ros.outputs import marker_array as ours
from humans4d_ros.outputs.marker_array import Shape, marker_array
from rclpy.serialization import serialize_message
from visualization_msgs.msg import Marker, MarkerArray

STAMP = 1_700_000_000_123_456_789


def by_rclpy(shapes, frame_id) -> bytes:
    markers = []
    for shape in shapes:
        marker = Marker(ns=shape.namespace, type=shape.type, action=shape.action, text=shape.text)
        marker.header.stamp.sec, marker.header.stamp.nanosec = divmod(STAMP, 10**9)
        marker.header.frame_id = frame_id
        marker.id = shape.track_id & 0x7FFFFFFF
        marker.pose.orientation.w = 1.0
        for vector, values in ((marker.pose.position, shape.position), (marker.scale, shape.scale)):
            vector.x, vector.y, vector.z = values
        marker.color.r, marker.color.g, marker.color.b, marker.color.a = shape.color
        if shape.points is not None:
            marker.points = [Point(x=x, y=y, z=z) for x, y, z in shape.points.tolist()]
        markers.append(marker)
    return serialize_message(MarkerArray(markers=markers))


@pytest.mark.parametrize("frame_id", ["", "odom", "a_camera_optical_frame"])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_byte_for_byte_as_rclpys(assert_same_cdr, count, frame_id):
    random = np.random.default_rng(count)
    shapes = [Shape(action=ours.DELETEALL)]
    for i in range(count):
        color = tuple(random.random(4).astype(np.float32).tolist())
        shapes += [
            Shape("mesh", 2**32 - 1 - i, type=ours.TRIANGLE_LIST, scale=(1.0, 1.0, 1.0),
                  color=color, points=random.normal(size=(3 * 10**i, 3))),
            Shape("label", i, type=ours.TEXT_VIEW_FACING, position=(1.0, 2.0, float(i)),
                  scale=(0.0, 0.0, 0.2), color=color, text="9" * i),
            Shape("skeleton", i, ours.DELETE),
        ]  # fmt: skip
    assert_same_cdr(lambda: marker_array(shapes, STAMP, frame_id), by_rclpy(shapes, frame_id))


@pytest.mark.parametrize(
    "name", ["LINE_LIST", "TEXT_VIEW_FACING", "TRIANGLE_LIST", "ADD", "DELETE", "DELETEALL"]
)
def test_constants_are_the_messages(name):
    assert getattr(ours, name) == getattr(Marker, name)

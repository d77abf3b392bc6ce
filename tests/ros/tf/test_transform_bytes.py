"""TFMessage from its bytes: the same as rclpy reads, and nothing else is taken for one."""

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from rclpy.serialization import serialize_message
from tf2_msgs.msg import TFMessage

from humans4d_core.errors import TransformError
from humans4d_core.transforms.transform_bytes import Transform, read_transforms

names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), max_size=9)
numbers = st.floats(allow_nan=False)
transforms = st.builds(
    Transform,
    names,
    names,
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**32 - 1),
    st.tuples(*[numbers] * 3),
    st.tuples(*[numbers] * 4),
)


def message_of(transform: Transform) -> TransformStamped:
    message = TransformStamped(child_frame_id=transform.child)
    message.header.frame_id = transform.parent
    message.header.stamp.sec = transform.seconds
    message.header.stamp.nanosec = transform.nanoseconds
    move, turn = message.transform.translation, message.transform.rotation
    move.x, move.y, move.z = transform.translation
    turn.x, turn.y, turn.z, turn.w = transform.quaternion
    return message


@given(st.lists(transforms, max_size=5))
def test_what_rclpy_writes_is_read(expected):
    data = serialize_message(TFMessage(transforms=[message_of(t) for t in expected]))
    assert read_transforms(data) == expected


def test_either_byte_order_is_read():
    body = struct.pack(">IiII5s3xI3sx", 1, 7, 8, 5, b"odom\0", 3, b"ab\0")
    padding = -len(body) % 8
    data = b"\0\0\0\0" + body + bytes(padding) + struct.pack(">7d", 1, 2, 3, 0, 0, 0, 1)
    assert read_transforms(data) == [Transform("odom", "ab", 7, 8, (1, 2, 3), (0, 0, 0, 1))]


@settings(max_examples=500)
@given(st.lists(transforms, max_size=3), st.data())
def test_bytes_that_are_something_else_never_break_it(expected, data):
    good = serialize_message(TFMessage(transforms=[message_of(t) for t in expected]))
    bad = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for place in data.draw(st.lists(st.integers(0, len(good)), max_size=6)):
        if place < len(bad):
            bad[place] = data.draw(st.integers(0, 255))
    try:
        read_transforms(bytes(bad))
    except TransformError as error:
        assert "are no tf2_msgs/TFMessage" in str(error)


def test_a_slash_in_front_of_a_name_is_left_out():
    message = message_of(Transform("/odom", "/base", 1, 2, (0.0,) * 3, (0.0, 0.0, 0.0, 1.0)))
    (read,) = read_transforms(serialize_message(TFMessage(transforms=[message])))
    assert (read.parent, read.child) == ("odom", "base")


GOOD = Transform("odom", "base", 7, 8, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 1.0))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"child": "odom"}, "two different frames"),
        ({"parent": ""}, "two different frames"),
        ({"child": ""}, "two different frames"),
        ({"translation": (float("nan"), 0.0, 0.0)}, "not finite"),
        ({"quaternion": (0.0, 0.0, 0.0, float("inf"))}, "not finite"),
        ({"quaternion": (0.0, 0.0, 0.0, 0.0)}, "quaternion of length 0 "),
        ({"quaternion": (0.0, 0.0, 0.0, 2.0)}, "quaternion of length 2 "),
        ({"seconds": -1}, "stamp -1 s"),
        ({"nanoseconds": 10**9}, "no clock shows"),
    ],
)
def test_a_transform_that_says_nothing_is_refused(changes, told):
    GOOD.check()
    with pytest.raises(TransformError, match=told):
        GOOD._replace(**changes).check()

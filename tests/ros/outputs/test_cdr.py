"""The bytes are those that rclpy's own serialisation writes."""

import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped, Vector3
from humans4d_ros.outputs.cdr import CdrWriter
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from std_msgs.msg import ColorRGBA, Header, String

TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20)


@given(TEXT)
def test_text(text):
    out = CdrWriter()
    out.text(text)
    assert out.to_bytes() == serialize_message(String(data=text))


@given(
    st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1), TEXT,
    st.lists(st.floats(width=64), min_size=3, max_size=3),
)  # fmt: skip
def test_numbers_stand_at_multiples_of_their_size_whatever_is_before(
    assert_same_cdr, seconds, nano, text, xyz
):
    """A transform starts with a header and two strings of any length; doubles follow."""
    message = TransformStamped(child_frame_id=text)
    message.header = Header(stamp=Time(sec=seconds, nanosec=nano), frame_id=text[::2])
    message.transform.translation = Vector3(x=xyz[0], y=xyz[1], z=xyz[2])

    def write() -> bytes:
        out = CdrWriter()
        out.numbers("i", seconds)
        out.numbers("I", nano)
        out.text(text[::2])
        out.text(text)
        out.numbers("d", *xyz, 0.0, 0.0, 0.0, 1.0)
        return out.to_bytes()

    assert_same_cdr(write, serialize_message(message))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_is_its_numbers_row_by_row(dtype):
    values = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    one, each = CdrWriter(), CdrWriter()
    for out in (one, each):
        out.text("moves what follows")
    one.array(values[:, ::2])
    each.numbers({np.float32: "f", np.float64: "d"}[dtype], *values[:, ::2].ravel().tolist())
    assert one.to_bytes() == each.to_bytes()


def test_an_empty_array_writes_nothing_not_even_its_alignment():
    out = CdrWriter()
    out.numbers("I", 0)
    out.array(np.zeros((0, 3)))
    out.numbers("f", 1.0, 0.0, 0.0, 0.5)
    assert out.to_bytes()[8:] == serialize_message(ColorRGBA(r=1.0, a=0.5))[4:]

"""Names as people type them."""

import os
import re

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.names import BadName, check_id_prefix, namespace_name, prefix_of, topic_name
from hypothesis import given
from hypothesis import strategies as st
from rclpy.validate_topic_name import validate_topic_name


@given(st.text("/ab_1~ -.{}\n", max_size=12))
def test_what_comes_out_is_a_name_that_ros_takes(text):
    try:
        name = topic_name(text, "image")
    except BadName as error:
        assert "\n" not in str(error)
        return
    assert validate_topic_name(name)
    assert topic_name(name, "image") == name


@pytest.mark.parametrize("text", ["/front/", "//front", "/front", "/front//"])
def test_slashes_that_do_nothing_are_left_out(text):
    assert topic_name(text, "image") == "/front"
    assert namespace_name(text) == "front"


@pytest.mark.parametrize("text", ["", "/", "//"])
def test_the_root_is_a_namespace_but_no_topic(text):
    assert namespace_name(text) == ""
    with pytest.raises(BadName, match=re.escape(f"image is {text!r}")):
        topic_name(text, "image")


@pytest.mark.parametrize(
    ("namespace", "prefix"),
    [("/", ""), ("", ""), ("/left", "left_"), ("/robot/left", "robot_left_")],
)
def test_a_namespace_makes_a_prefix(namespace, prefix):
    assert prefix_of(namespace) == prefix
    assert check_id_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["left/", "1st_", "a b", "ä", "-"])
def test_a_prefix_that_no_topic_can_have_is_refused(prefix):
    with pytest.raises(BadName, match="id_prefix is"):
        check_id_prefix(prefix)

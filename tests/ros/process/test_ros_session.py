"""Message types by name: names come from strangers, so little is imported for them."""

import os
import sys

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.process.ros_session import message_class
from sensor_msgs.msg import Image

from humans4d_core.errors import Humans4dError


def test_a_message_type_is_found_by_its_name():
    assert message_class("sensor_msgs/msg/Image") is Image
    assert message_class("humans4d_msgs/msg/TrackedPeople") is TrackedPeople


@pytest.mark.parametrize(
    "name",
    [
        "os/path/join", "json/tool/main", "idlelib/idle/x", "this/msg/Zen", "antigravity/msg/Fly",
        "sensor_msgs/srv/SetCameraInfo", "sensor_msgs/msg/__init__", "sensor_msgs/msg/Nothing",
        "sensor_msgs/Image", "../msg/Image", "", "a/b/c/d", "odd_msgs/msg/Odd", ".x/msg/Y",
    ],
)  # fmt: skip
def test_names_that_are_no_message_type_are_refused_without_importing(name):
    before = set(sys.modules)
    with pytest.raises(Humans4dError, match="is not installed"):
        message_class(name)
    assert set(sys.modules) == before


def test_a_module_that_nobody_generated_is_never_imported(tmp_path, monkeypatch):
    package = tmp_path / "evil_msgs" / "msg"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("raise SystemExit\nclass Name: pass")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Humans4dError, match="is not installed"):
        message_class("evil_msgs/msg/Name")


def test_a_name_is_shown_without_what_a_terminal_obeys():
    with pytest.raises(Humans4dError) as raised:
        message_class("odd\x1b[31m_msgs/msg/" + "X" * 1000)
    assert "\x1b" not in str(raised.value) and len(str(raised.value)) < 400

"""A lifecycle manager ends the node from whatever state it is in."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from lifecycle_msgs.msg import Transition

CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE


@pytest.mark.parametrize(
    ("way", "shutdown"),
    [
        ((), Transition.TRANSITION_UNCONFIGURED_SHUTDOWN),
        ((CONFIGURE,), Transition.TRANSITION_INACTIVE_SHUTDOWN),
        ((CONFIGURE, ACTIVATE), Transition.TRANSITION_ACTIVE_SHUTDOWN),
    ],
    ids=["unconfigured", "inactive", "active"],
)
def test_a_manager_shuts_the_node_down(start_node, change_state, state, station, way, shutdown):
    node = start_node(autostart="false", recovery="landmarks")
    for transition in way:
        assert change_state(transition)
    assert change_state(shutdown)
    assert state() == "finalized"
    station.wait_for(lambda: not station.images.get_subscription_count(), "the end of listening")
    assert node.stop() == 0, node.output
    assert "[ERROR]" not in node.output
    # So that the next node's services are not taken for this one's.
    name = ("humans4d", "/")
    station.wait_for(
        lambda: name not in station.node.get_node_names_and_namespaces(), "its end", 60
    )

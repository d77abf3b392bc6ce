"""QoS overrides: those that make sense hold, others are one sentence."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.inputs.qos_overrides import overridable
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import InvalidQosOverridesError
from std_msgs.msg import String


@pytest.fixture
def subscribe():
    """subscribe(policy, value) -> a subscription of `image` with that override."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(policy, value):
        override = Parameter(f"qos_overrides./image.subscription.{policy}", value=value)
        node = rclpy.create_node("test", context=context, parameter_overrides=[override])
        nodes.append(node)
        return node.create_subscription(
            String, "image", print, QoSProfile(depth=1), qos_overriding_options=overridable()
        )

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(
    ("policy", "value"),
    [("reliability", "best_effort"), ("history", "keep_all"), ("depth", 1), ("depth", 100)],
)
def test_what_makes_sense_holds(subscribe, policy, value):
    assert subscribe(policy, value)


@pytest.mark.parametrize("depth", [-5, 0, 101, 1_000_000_000])
def test_a_depth_that_costs_the_memory_or_is_none_is_refused(subscribe, depth):
    with pytest.raises(InvalidQosOverridesError, match=f"depth is {depth}: give 1 to 100"):
        subscribe("depth", depth)

"""What the node subscribes to: QoS that makes no sense is told, names follow from the image's."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.diagnostics.counters import Counters
from humans4d_ros.inputs.camera_info import CameraSource
from humans4d_ros.inputs.node_inputs import Inputs
from humans4d_ros.parameters.parameter_table import NodeParameters, ParameterError, Settings
from rclpy.parameter import Parameter

from humans4d_core.errors import CameraError


@pytest.fixture
def make_inputs():
    """make_inputs(overrides, remappings, **settings) -> the inputs of a bare node."""
    context = rclpy.Context()
    rclpy.init(context=context)
    made = []

    def make(overrides=(), remappings=(), **settings):
        words = [word for rule in remappings for word in ("-r", rule)]
        node = rclpy.create_node(
            "node",
            context=context,
            parameter_overrides=[Parameter(name, value=v) for name, v in dict(overrides).items()],
            cli_args=["--ros-args", *words] if words else None,
        )
        inputs = Inputs(node, CameraSource(), Settings(NodeParameters(**settings)), Counters())
        made.append((node, inputs))
        return inputs

    yield make
    for node, inputs in made:
        inputs.close()
        node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(
    ("topic", "policy", "value"),
    [
        ("/image", "depth", -1),
        ("/image", "depth", "deep"),
        ("/image", "depth", 2**62),
        ("/image", "reliability", 7),
        ("/image", "reliability", ""),
        ("/image", "history", "keep_some"),
        ("/image", "history", ["keep_last"]),
        ("/camera_info", "reliability", "perhaps\x1b[31m"),
    ],
)
def test_qos_that_is_none_is_one_sentence(make_inputs, topic, policy, value):
    inputs = make_inputs({f"qos_overrides.{topic}.subscription.{policy}": value})
    for _ in range(2):  # also where somebody tries again
        with pytest.raises(ParameterError, match=f"cannot listen to {topic}: ") as caught:
            inputs.open(print)
        assert f"qos_overrides.{topic}.subscription: {policy} = " in str(caught.value)
        assert str(caught.value).isprintable()
        inputs.close()


def test_qos_that_makes_sense_is_used(make_inputs):
    inputs = make_inputs({"qos_overrides./image.subscription.reliability": "reliable"})
    inputs.open(print)
    assert inputs.image.qos_profile.reliability.name == "RELIABLE"


def test_compressed_images_come_from_under_the_images_name(make_inputs):
    inputs = make_inputs(remappings=["image:=/cam/image_raw"], image_transport="compressed")
    inputs.open(print)
    assert inputs.topics == ["/cam/image_raw/compressed", "/cam/camera_info"]


def test_who_lacks_a_calibration_is_told_where_it_was_looked_for(make_inputs):
    inputs = make_inputs(remappings=["image:=/cam/image_raw"])
    inputs.open(print)
    with pytest.raises(CameraError, match="come yet on /cam/camera_info"):
        inputs._cameras.camera_for(640, 480)


def test_closed_inputs_have_nothing_to_say(make_inputs):
    inputs = make_inputs()
    assert (inputs.image, inputs.why_silent()) == (None, "")
    inputs.open(print)
    image = inputs.image
    inputs._node.destroy_subscription(image)  # as another thread may, meanwhile
    assert inputs.why_silent() == ""

"""One remapping of `image` leads to all topics of a camera, as image_transport has it."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.inputs.input_topics import camera_info_topic, image_topic


@pytest.fixture
def make_node():
    """make_node(namespace, *remappings) -> a node with them."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(namespace, *remappings):
        arguments = [word for rule in remappings for word in ("-r", rule)]
        nodes.append(
            rclpy.create_node(
                "node", context=context, namespace=namespace,
                cli_args=["--ros-args", *arguments] if arguments else None,
            )
        )  # fmt: skip
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(
    ("namespace", "remappings", "raw", "compressed", "info"),
    [
        ("", (), "/image", "/image/compressed", "/camera_info"),
        ("front", (), "/front/image", "/front/image/compressed", "/front/camera_info"),
        ("", ("image:=/cam/image_raw",),
         "/cam/image_raw", "/cam/image_raw/compressed", "/cam/camera_info"),
        ("robot", ("image:=cam/color/image_raw",),
         "/robot/cam/color/image_raw", "/robot/cam/color/image_raw/compressed",
         "/robot/cam/color/camera_info"),
        ("", ("image:=/cam/image_raw", "image/compressed:=/zip"),
         "/cam/image_raw", "/zip", "/cam/camera_info"),
        ("", ("image/compressed:=/cam/image_raw/compressed",),
         "/image", "/cam/image_raw/compressed", "/camera_info"),
        ("", ("image:=/cam/image_raw", "camera_info:=/other/info"),
         "/cam/image_raw", "/cam/image_raw/compressed", "/other/info"),
        ("front", ("image:=/top",), "/top", "/top/compressed", "/camera_info"),
    ],
)  # fmt: skip
def test_compressed_images_and_calibration_follow_the_image(
    make_node, namespace, remappings, raw, compressed, info
):
    node = make_node(namespace, *remappings)
    assert image_topic(node, "raw") == raw
    assert image_topic(node, "compressed") == compressed
    assert camera_info_topic(node) == info

"""A node without images says which topic is silent, and why."""

import os
import time

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.diagnostics.topic_watch import why_silent
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

RELIABLE = QoSProfile(depth=1)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
STAMP = 1_700_000_000_000_000_000


@pytest.fixture(scope="module")
def nodes():
    """A listener and a camera, of two processes as far as the middleware can tell."""
    contexts = [rclpy.Context(), rclpy.Context()]
    nodes = []
    for context, name in zip(contexts, ("listener", "camera"), strict=True):
        rclpy.init(context=context)
        nodes.append(rclpy.create_node(name, namespace="robot", context=context))
    yield nodes
    for node, context in zip(nodes, contexts, strict=True):
        node.destroy_node()
        context.try_shutdown()


@pytest.fixture
def ask(nodes):
    """ask(topic, qos) -> why a subscription of images there would be silent."""
    listener, held = nodes[0], []

    def ask(topic, qos=BEST_EFFORT, kind=Image):
        held.append(listener.create_subscription(kind, topic, print, qos))
        return why_silent(listener, held[-1])

    yield ask
    for subscription in held:
        listener.destroy_subscription(subscription)


@pytest.fixture
def publish(nodes):
    """publish(type, topic, qos): a camera's topic, which the listener has discovered."""
    (listener, camera), held = nodes, []

    def publish(kind, topic, qos):
        held.append(camera.create_publisher(kind, topic, qos))
        name = held[-1].topic_name
        deadline = time.monotonic() + 30.0
        wanted = ["camera"] * sum(p.topic_name == name for p in held)
        while [p.node_name for p in listener.get_publishers_info_by_topic(name)] != wanted:
            assert time.monotonic() < deadline, f"{name} was never discovered"
            time.sleep(0.02)

    yield publish
    for publisher in held:
        camera.destroy_publisher(publisher)


def test_a_topic_without_a_publisher_is_named(ask):
    assert ask("nothing").startswith("nobody publishes on /robot/nothing: is the camera's driver")


def test_topics_that_do_have_images_are_offered(ask, publish):
    publish(Image, "/front/image_raw", BEST_EFFORT)
    publish(CompressedImage, "/front/image_raw/compressed", BEST_EFFORT)
    told = ask("image")
    assert told == (
        "nobody publishes on /robot/image (images are on /front/image_raw: remap "
        "image:=/front/image_raw)"
    )
    told = ask("image/compressed", kind=CompressedImage)
    assert told == (
        "nobody publishes on /robot/image/compressed (images are on /front/image_raw/compressed: "
        "remap image:=/front/image_raw)"
    )


def test_the_other_transport_of_the_same_camera_is_offered(ask, publish):
    publish(CompressedImage, "lone/compressed", BEST_EFFORT)
    publish(Image, "whole", BEST_EFFORT)
    publish(Image, "/other", BEST_EFFORT)
    assert ask("lone") == (
        "nobody publishes on /robot/lone (images are on /robot/lone/compressed: set "
        "image_transport:=compressed)"
    )
    assert ask("whole/compressed", kind=CompressedImage) == (
        "nobody publishes on /robot/whole/compressed (images are on /robot/whole: set "
        "image_transport:=raw)"
    )


def test_where_only_the_other_transport_exists_both_settings_are_told(ask, publish):
    publish(CompressedImage, "/rear/image_raw/compressed", BEST_EFFORT)
    assert ask("image") == (
        "nobody publishes on /robot/image (images are on /rear/image_raw/compressed: remap "
        "image:=/rear/image_raw and set image_transport:=compressed)"
    )


def test_what_this_node_or_another_of_its_kind_draws_is_no_camera(ask, publish, nodes):
    listener, camera = nodes
    own = listener.create_publisher(Image, "~/overlay", RELIABLE)
    people = camera.create_publisher(TrackedPeople, "~/people", RELIABLE)
    publish(Image, "/robot/camera/overlay", RELIABLE)
    try:
        deadline = time.monotonic() + 30.0
        while not listener.get_publishers_info_by_topic(people.topic_name):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert ask("image").endswith(": is the camera's driver running?")
    finally:
        listener.destroy_publisher(own)
        camera.destroy_publisher(people)


def test_a_topic_of_another_type_is_told(ask, publish):
    publish(CompressedImage, "zipped", BEST_EFFORT)
    assert ask("zipped") == (
        "/robot/zipped: /robot/camera publishes sensor_msgs/msg/CompressedImage there, not "
        "sensor_msgs/msg/Image"
    )


def test_a_qos_that_does_not_fit_is_told(ask, publish):
    publish(Image, "weak", BEST_EFFORT)
    assert ask("weak", RELIABLE) == (
        "/robot/weak: QoS of /robot/camera does not fit: best effort publisher and reliable "
        "subscription"
    )


def test_one_fitting_publisher_is_enough(ask, publish):
    publish(Image, "both", BEST_EFFORT)
    publish(Image, "both", RELIABLE)
    assert "1 fitting publisher(s), but nothing arrives" in ask("both", RELIABLE)


def test_a_running_node_warns_of_a_camera_whose_qos_does_not_fit(start_node, station):
    node = start_node(
        **{"qos_overrides./image.subscription.reliability": "reliable", "image_timeout": 0.5}
    )
    node.wait_until_it_says("active: listening")
    camera = station.node.create_publisher(Image, "/image", BEST_EFFORT)
    weak_one = station.images  # reliable: it fits, and says nothing
    station.node.destroy_publisher(weak_one)
    try:
        # A publisher may be discovered before the name of its node.
        report = station.wait_for_diagnostics(
            lambda report: "QoS of /station does not fit" in report["message"], "the warning"
        )
        assert report["level"] == int.from_bytes(DiagnosticStatus.WARN, "little")
        assert "no image for" in report["message"]
        assert "/image: QoS of /station does not fit: best effort publisher" in report["message"]
    finally:
        station.node.destroy_publisher(camera)
        station.images = station.node.create_publisher(Image, "/image", 1)


def test_the_warning_ends_with_the_first_image(start_node, station):
    # Longer than the time between two reports, and whatever a busy machine makes of latency.
    node = start_node(image_timeout=2.5, horizontal_fov=1.0, warn_latency=60.0, error_latency=60.0)
    node.wait_until_it_says("active: listening")
    station.wait_for_diagnostics(lambda report: "no image for" in report["message"], "the warning")
    station.show(np.zeros((240, 320, 3), np.uint8), STAMP)
    # Within the time-out, and again after it.
    station.wait_for_diagnostics(lambda report: report["message"] == "working", "the recovery")
    station.wait_for_diagnostics(lambda report: "no image for" in report["message"], "the warning")

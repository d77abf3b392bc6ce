"""A camera without calibration: refused loudly, unless its field of view is given."""

import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from rosgraph_msgs.msg import Clock

from humans4d_core.types import Camera

CAMERA = Camera(300.0, 300.0, 160.0, 120.0, 320, 240)
STAMP = 1_700_000_000_000_000_000
BLACK = np.zeros((240, 320, 3), np.uint8)


def refusal(station, make_image_message, told: str) -> dict[str, str]:
    """Show images until diagnostics say why they are refused."""
    for _ in range(3):  # an image may get lost
        station.images.publish(make_image_message(BLACK, STAMP))
        reports = len(station.received["/diagnostics"])
        station.wait_for(lambda n=reports: len(station.received["/diagnostics"]) > n + 1, "reports")
        if told in station.diagnostics()["last_error"]:
            break
    report = station.diagnostics()
    assert told in report["last_error"]
    return report


def test_without_calibration_images_are_refused_until_there_is_one(
    start_node, station, make_image_message
):
    node = start_node()
    node.wait_until_it_says("active: listening")

    report = refusal(station, make_image_message, "no CameraInfo has come yet")
    assert int(report["images_refused_camera"]) >= 1

    station.calibrate(node, CAMERA, k=np.zeros(9))
    refusal(station, make_image_message, "camera is not calibrated")
    assert "not calibrated" in node.output

    station.calibrate(node, CAMERA)
    assert list(station.show(BLACK, STAMP + 1).people) == []
    assert node.stop() == 0


def test_a_field_of_view_makes_up_for_calibration_also_under_simulated_time(start_node, station):
    node = start_node(horizontal_fov=1.0, use_sim_time="true")
    node.wait_until_it_says("active: listening")

    now = Clock()
    now.clock.sec, now.clock.nanosec = divmod(STAMP + 250_000_000, 10**9)
    clock = station.node.create_publisher(Clock, "/clock", 1)
    reports = station.received["/diagnostics"]

    def has_the_time():
        clock.publish(now)
        return reports and reports[-1].header.stamp == now.clock

    station.wait_for(has_the_time, "simulated time in the reports")

    message = station.show(BLACK, STAMP)
    assert list(message.people) == []
    assert message.latency_seconds == pytest.approx(0.25)
    station.node.destroy_publisher(clock)
    assert node.stop() == 0

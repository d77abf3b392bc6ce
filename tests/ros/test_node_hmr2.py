"""The node with the user's HMR 2.0 weights (here: tiny ones)."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_core.types import Camera

CAMERA = Camera(1169.0, 1169.0, 384.0, 288.0, 768, 576)
STAMP = 1_700_000_000_000_000_000


def test_a_checkpoint_that_is_named_is_used_and_said_aloud(
    start_node, station, video_frames, tiny_hmr2
):
    node = start_node(checkpoint=tiny_hmr2, device="cpu")
    node.wait_until_it_says("active: listening")
    assert f"recovery: {tiny_hmr2.name} on cpu" in node.output
    station.calibrate(node, CAMERA)
    message = station.show(video_frames[0], STAMP)
    assert (message.recovery, message.body_model) == ("hmr2", "smpl")
    assert len(message.people) >= 2
    assert all(len(person.vertices) == 3 * 6890 for person in message.people)
    reports = len(station.received["/diagnostics"])
    station.wait_for(lambda: len(station.received["/diagnostics"]) > reports + 1, "reports")
    assert station.diagnostics()["recovery"] == "hmr2"
    assert node.stop() == 0


def test_a_checkpoint_that_is_missing_fails_configure_with_the_reason(start_node):
    node = start_node(checkpoint="/nowhere/hmr2.ckpt")
    assert node.wait() == 1
    assert "cannot configure: /nowhere/hmr2.ckpt does not exist" in node.output
    assert "Traceback" not in node.output

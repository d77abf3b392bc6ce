"""How the node starts, obeys and ends."""

import contextlib
import itertools
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from lifecycle_msgs.msg import Transition
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters

from humans4d_core.types import Camera

CAMERA = Camera(300.0, 300.0, 160.0, 120.0, 320, 240)
STAMP = 1_700_000_000_000_000_000


def group_is_empty(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_at_work_cleanly(start_node, station, number):
    node = start_node()
    node.wait_until_it_says("active: listening")
    station.calibrate(node, CAMERA)
    station.show(np.zeros((240, 320, 3), np.uint8), STAMP + number)
    files = node.own_shared_memory()
    assert files

    assert node.stop(number) == 0

    assert "Traceback" not in node.output
    assert "[ERROR]" not in node.output
    assert group_is_empty(node.process.pid)
    assert not [file for file in files if os.path.exists(file)]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"detector": "nonsense"}, "detector is 'nonsense': give one of nanodet"),
        ({"horizontal_fov": 4.0}, "horizontal_fov"),
    ],
)
def test_a_parameter_out_of_range_ends_the_start_with_one_sentence(start_node, parameters, told):
    node = start_node(**parameters)
    assert node.wait() == 1
    assert told in node.output
    assert "Traceback" not in node.output


def test_an_activation_that_fails_says_why(start_node):
    node = start_node(**{"qos_overrides./image.subscription.reliability": "nonsense"})
    assert node.wait() == 1
    assert "cannot activate" in node.output
    assert "QoS override for policy `reliability`: `nonsense`" in node.output
    assert "qos_overrides./image.subscription: reliability = nonsense" in node.output
    assert "Traceback" not in node.output


def test_more_than_one_signal_ends_the_node_as_one_does(start_node):
    """A terminal and the launch system both send SIGINT; others SIGTERM after it."""
    node = start_node()
    node.wait_until_it_says("active: listening")
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        node.process.send_signal(number)
    node.wait_until_it_says("shut down from 'active'")
    with contextlib.suppress(ProcessLookupError):
        for _ in range(200):  # until it is gone
            node.process.send_signal(signal.SIGTERM)
            node.process.send_signal(signal.SIGINT)
            time.sleep(0.005)
    assert node.wait() == 0
    assert "Traceback" not in node.output


@pytest.mark.parametrize("moment", ["", "recovery:", "track ids begin"])
def test_a_signal_during_the_start_ends_it_cleanly(start_node, moment):
    node = start_node()
    if moment:
        node.wait_until_it_says(moment)
    else:
        # Its own code is running: the libraries are being loaded.
        maps = Path(f"/proc/{node.process.pid}/maps")
        deadline = time.monotonic() + 60
        while "rclpy" not in maps.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert node.stop(signal.SIGTERM) == 0
    assert "Traceback" not in node.output
    assert "[ERROR]" not in node.output


@pytest.fixture(scope="module")
def managed(start_node):
    """A node that waits for a lifecycle manager."""
    node = start_node(autostart="false", image_transport="compressed", publish_vertices="false")
    yield node
    assert node.stop() == 0


def test_a_manager_leads_the_node_through_its_life(
    managed, station, set_parameter, change_state, state
):
    camera_topics = (station.compressed, station.infos)
    assert state() == "unconfigured"

    assert set_parameter("recovery", "hmr2").successful
    assert set_parameter("checkpoint", "/nowhere/epoch=35.ckpt").successful
    assert not change_state(Transition.TRANSITION_CONFIGURE)
    assert state() == "unconfigured"
    report = station.wait_for_diagnostics(
        lambda report: "cannot configure" in report["message"], "the failure"
    )
    assert report["level"] == 2
    assert "/nowhere/epoch=35.ckpt" in report["last_error"]

    assert set_parameter("recovery", "landmarks").successful
    assert change_state(Transition.TRANSITION_CONFIGURE)
    assert state() == "inactive"
    station.wait_for_diagnostics(
        lambda report: (report["level"], report["message"]) == (0, "inactive"), "the state"
    )
    assert [topic.get_subscription_count() for topic in camera_topics] == [0, 0]
    refused = set_parameter("detector", "nanodet")
    assert not refused.successful
    assert "unconfigured" in refused.reason

    assert change_state(Transition.TRANSITION_ACTIVATE)
    station.wait_for(
        lambda: all(topic.get_subscription_count() for topic in camera_topics),
        "the subscriptions",
    )
    assert state() == "active"
    station.wait_for_diagnostics(lambda report: report["state"] == "active", "the state")

    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert state() == "inactive"
    managed.wait_until_it_says("inactive: it listens to nothing")
    station.wait_for(
        lambda: [topic.get_subscription_count() for topic in camera_topics] == [0, 0],
        "the end of the subscriptions",
    )
    assert change_state(Transition.TRANSITION_CLEANUP)
    assert state() == "unconfigured"
    managed.wait_until_it_says("unconfigured: the models are released")
    assert "they go on" not in managed.output  # no id was given yet


def test_strangers_cannot_end_the_node_or_change_its_clock(
    managed, change_state, set_parameter, station, call
):
    assert set_parameter("use_sim_time", True).successful
    assert set_parameter("use_sim_time", False).successful
    assert change_state(Transition.TRANSITION_CONFIGURE)
    assert change_state(Transition.TRANSITION_ACTIVATE)
    refused = set_parameter("use_sim_time", True)
    assert not refused.successful
    assert "use_sim_time can change while the node is unconfigured only" in refused.reason
    assert set_parameter("use_sim_time", False).successful  # as it is: `ros2 param load` sends all

    client = station.node.create_client(SetParameters, "/humans4d/set_parameters")
    assert client.wait_for_service(30)
    unknown = ParameterMessage(name="max_rate", value=ParameterValue(type=200))

    def has_failed():
        client.call_async(SetParameters.Request(parameters=[unknown]))
        report = station.diagnostics()
        return int(report["callbacks_failed"]) > 0 and report

    report = station.wait_for(has_failed, "the failure")
    assert "set_parameters failed: ValueError" in report["last_error"]
    assert managed.process.poll() is None
    assert set_parameter("max_rate", 0.0).successful
    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert change_state(Transition.TRANSITION_CLEANUP)


def test_only_what_has_changed_is_told(managed, change_state, set_parameter):
    assert change_state(Transition.TRANSITION_CONFIGURE)
    assert set_parameter("warn_rate", 0.0).successful
    assert set_parameter("warn_latency", 1.5).successful
    managed.wait_until_it_says("from the next image on: warn_latency = 1.5")
    assert "warn_rate" not in managed.output
    assert set_parameter("warn_latency", 1.0).successful
    assert change_state(Transition.TRANSITION_CLEANUP)


def test_ids_go_on_after_the_node_was_configured_anew(
    managed, station, change_state, video_frames, make_compressed_message
):
    """Compressed images, too."""
    camera = Camera.from_fov(768, 576, 0.9)
    known: set[int] = set()
    for life in range(2):
        assert change_state(Transition.TRANSITION_CONFIGURE)
        assert change_state(Transition.TRANSITION_ACTIVATE)
        station.calibrate(managed, camera)
        ids: set[int] = set()
        for number, image in enumerate(video_frames[:4]):
            stamp_ns = STAMP + number * 100_000_000 + life
            message = make_compressed_message(image, stamp_ns)
            people = station.answer(
                lambda m=message: station.compressed.publish(m), stamp_ns
            ).people
            ids.update(mesh.track_id for mesh in people)
            assert all(len(mesh.vertices) == 0 for mesh in people)
        assert ids and not ids & known
        known |= ids
        assert change_state(Transition.TRANSITION_DEACTIVATE)
        assert change_state(Transition.TRANSITION_CLEANUP)


def test_weights_stay_while_the_node_is_deactivated_and_go_with_cleanup(
    managed, station, change_state
):
    def loads() -> int:
        return managed.output.count("configured in")

    before = loads()
    assert change_state(Transition.TRANSITION_CONFIGURE)
    for _ in range(3):
        assert change_state(Transition.TRANSITION_ACTIVATE)
        assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert change_state(Transition.TRANSITION_CLEANUP)
    assert change_state(Transition.TRANSITION_CONFIGURE)
    station.wait_for(lambda: loads() > before + 1, "the second loading")
    assert loads() == before + 2
    assert change_state(Transition.TRANSITION_CLEANUP)


def test_a_transition_that_the_state_does_not_have_is_refused(managed, change_state, state):
    assert state() == "unconfigured"
    for transition in (
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
    ):
        assert not change_state(transition)
        assert state() == "unconfigured"


def test_live_parameters_hold_from_the_next_image_on(
    managed, station, set_parameter, change_state, video_frames, make_compressed_message
):
    stamps = itertools.count(STAMP + 10**12, 100_000_000)

    def people():
        message = make_compressed_message(video_frames[0], next(stamps))
        stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        return station.answer(lambda: station.compressed.publish(message), stamp_ns).people

    assert change_state(Transition.TRANSITION_CONFIGURE)
    assert change_state(Transition.TRANSITION_ACTIVATE)
    station.calibrate(managed, Camera.from_fov(768, 576, 0.9))
    first = people()
    assert first and not any(len(mesh.vertices) for mesh in first)

    assert set_parameter("publish_vertices", True).successful
    assert all(len(mesh.vertices) for mesh in people())

    # Nobody is strong enough to start a track now; those who are followed go on.
    known = {mesh.track_id for mesh in people()}
    assert set_parameter("tracker.start_score", 1.0).successful
    assert {mesh.track_id for mesh in people()} <= known

    refused = set_parameter("tracker.start_score", 0.01)
    assert not refused.successful
    assert "start_score is 0.01" in refused.reason
    refused = set_parameter("threads", 2)
    assert not refused.successful
    assert "threads can change while the node is unconfigured only" in refused.reason

    assert set_parameter("max_rate", 0.5).successful
    message = make_compressed_message(video_frames[0], next(stamps))
    skipped = int(station.diagnostics()["images_skipped"])

    def some_are_skipped():
        station.compressed.publish(message)
        return int(station.diagnostics()["images_skipped"]) > skipped

    station.wait_for(some_are_skipped, "a skipped image")
    assert set_parameter("max_rate", 0.0).successful
    assert set_parameter("tracker.start_score", 0.0).successful
    assert set_parameter("publish_vertices", False).successful
    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert change_state(Transition.TRANSITION_CLEANUP)

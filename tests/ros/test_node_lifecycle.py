"""How the node starts, obeys and ends."""

import os
import signal
import threading

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
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
    assert "rror" not in node.output
    assert group_is_empty(node.process.pid)
    assert not [file for file in files if os.path.exists(file)]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"detector": "nonsense"}, "parameter 'detector' is 'nonsense': give one of nanodet"),
        ({"horizontal_fov": 4.0}, "horizontal_fov"),
    ],
)
def test_a_parameter_out_of_range_ends_the_start_with_one_sentence(start_node, parameters, told):
    node = start_node(**parameters)
    assert node.wait() == 1
    assert told in node.output
    assert "Traceback" not in node.output


@pytest.fixture(scope="module")
def managed(start_node):
    """A node that waits for a lifecycle manager."""
    node = start_node(autostart="false", image_transport="compressed", publish_vertices="false")
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def call(station):
    """call(type, service, request) -> response."""
    clients = {}

    def call(kind, service, request):
        if service not in clients:
            clients[service] = station.node.create_client(kind, f"/humans4d/{service}")
        assert clients[service].wait_for_service(30.0)
        future = clients[service].call_async(request)
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(30.0), f"no answer of {service}"
        return future.result()

    return call


@pytest.fixture
def change_state(call):
    def change(transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return call(ChangeState, "change_state", request).success

    return change


@pytest.fixture
def state(call):
    """state() -> the node's, by its service."""
    return lambda: call(GetState, "get_state", GetState.Request()).current_state.label


def set_parameter(call, name: str, value: str):
    value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
    request = SetParameters.Request(parameters=[Parameter(name=name, value=value)])
    return call(SetParameters, "set_parameters", request).results[0]


def test_a_manager_leads_the_node_through_its_life(managed, station, call, change_state, state):
    camera_topics = (station.compressed, station.infos)
    assert state() == "unconfigured"

    assert set_parameter(call, "detector", "nonsense").successful
    assert not change_state(Transition.TRANSITION_CONFIGURE)
    report = station.wait_for_diagnostics(lambda report: report["level"] == 2, "the failure")
    assert "'nonsense'" in report["last_error"]

    assert set_parameter(call, "detector", "nanodet").successful
    assert change_state(Transition.TRANSITION_CONFIGURE)
    assert state() == "inactive"
    assert [topic.get_subscription_count() for topic in camera_topics] == [0, 0]
    refused = set_parameter(call, "detector", "movenet")
    assert not refused.successful
    assert "unconfigured" in refused.reason

    assert change_state(Transition.TRANSITION_ACTIVATE)
    station.wait_for(
        lambda: [topic.get_subscription_count() for topic in camera_topics] == [1, 1],
        "the subscriptions",
    )
    assert state() == "active"
    station.wait_for_diagnostics(lambda report: report["state"] == "active", "the state")

    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert state() == "inactive"
    station.wait_for(
        lambda: [topic.get_subscription_count() for topic in camera_topics] == [0, 0],
        "the end of the subscriptions",
    )
    assert change_state(Transition.TRANSITION_CLEANUP)
    assert state() == "unconfigured"


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

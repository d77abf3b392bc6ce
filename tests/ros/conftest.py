"""What the ROS tests share: a network of their own, people to convert, a running node."""

import contextlib
import ctypes
import gc
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from humans4d_ros.distributions import fast_dds_profile_variable
from loaded_files import loaded
from made_people import made_people
from node_processes import TIMEOUT, NodeProcess, shared_memory
from places import ROOT, SHARED
from station import Station, image_message

from humans4d_core.errors import InputFileError
from humans4d_core.types import Camera, Frame

VIDEOS = (
    SHARED / "media/pets09-s2l1/vtest.avi",
    ROOT / ".cache/demo/vtest.avi",
)


def own_domain() -> int:
    """A ROS domain, 1 to 100, that no other process of these tests has: they do not hear each
    other. Drawn, so that another run on this machine has another one."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return 1 + worker + workers * random.SystemRandom().randrange(100 // workers)


# Before any ROS module is loaded: they read the environment once.
os.environ["ROS_DOMAIN_ID"] = str(own_domain())
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
LOGS = os.environ["ROS_LOG_DIR"] = tempfile.mkdtemp(prefix="humans4d_ros_log_")
CONFIG = ROOT / "ros2_ws/src/humans4d_ros/config"
UNDERLAY = Path(__file__).parent / "underlay"
os.environ[fast_dds_profile_variable()] = str(CONFIG / "fastdds_large_messages.xml")


def pytest_sessionfinish():
    shutil.rmtree(LOGS, ignore_errors=True)


@pytest.fixture(autouse=True)
def signals_as_before():
    """A program that a test runs in this process ignores signals at its end, and children of later
    tests would inherit that."""
    before = {n: signal.getsignal(n) for n in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def underlay() -> dict[str, str]:
    """Other projects' interface packages (underlay/), of which this process can import the missing
    ones from here on: vision_msgs, people_msgs, hri_msgs. The environment variables with which
    another process finds them; without these it is a machine that has not installed them."""
    builder = loaded(UNDERLAY / "build.py")
    prefix = builder.build()
    for library in sorted(prefix.glob("lib/*.so")):
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)  # ROS looks for them by name only
    sys.path += map(str, prefix.glob("lib/python*/site-packages"))
    return builder.environment(prefix)


@pytest.fixture(scope="session")
def assert_same_cdr():
    """assert_same_cdr(write, expected): `write()` gives the bytes `expected`, apart from padding,
    in which rclpy leaves whatever was in its memory."""
    from humans4d_ros.outputs import cdr

    def check(write, expected: bytes) -> None:
        written = np.frombuffer(write(), np.uint8)
        with mock.patch.object(cdr, "PADDING", b"\xff"):
            is_padding = np.frombuffer(write(), np.uint8) != written
        expected = np.frombuffer(expected, np.uint8)
        assert written.shape == expected.shape
        np.testing.assert_array_equal(written[~is_padding], expected[~is_padding])

    return check


@pytest.fixture
def config_folder() -> Path:
    return CONFIG


@pytest.fixture
def camera() -> Camera:
    return Camera(500.0, 510.0, 320.0, 240.0, 640, 480)


@pytest.fixture
def frame(camera) -> Frame:
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    return Frame(image, 1_700_000_000_123_456_789, camera, "camera_optical_frame")


@pytest.fixture
def make_people():
    """make_people(count, states=None) -> People with every number different."""
    return made_people


@pytest.fixture(scope="session")
def video_frames() -> list[np.ndarray]:
    """The first 60 images of a real video of pedestrians, 768x576 at 10 images a second."""
    path = next((path for path in VIDEOS if path.is_file()), None)
    if path is None:
        from humans4d_ros.replay.demo.demo_input import pedestrian_video

        try:
            path = pedestrian_video(ROOT / ".cache/demo", print)
        except InputFileError as error:
            pytest.skip(str(error))
    capture = cv2.VideoCapture(str(path))
    images = [capture.read()[1] for _ in range(60)]
    capture.release()
    return images


@pytest.fixture(scope="module")
def kill_process():
    """kill_process(process) with SIGKILL. What it leaves in /dev/shm stays there for the time of
    the tests, as it would."""
    left_behind: set[str] = set()

    def kill(process: subprocess.Popen) -> None:
        left_behind.update(shared_memory(process.pid) - shared_memory(os.getpid()))
        process.kill()
        process.wait(TIMEOUT)

    yield kill
    for file in left_behind:
        Path(file).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def start_node():
    """start_node(**parameters) -> NodeProcess; what a test leaves running is killed.

    environment: variables added to the process's, such as the fixture `underlay`. arguments: more
    ROS arguments. program: module of the package.
    """
    started = []

    def start(
        environment: dict[str, str] | None = None, arguments=(), program="node", **parameters
    ) -> NodeProcess:
        started.append(NodeProcess(parameters, environment, arguments, program))
        return started[-1]

    yield start
    for node in started:
        node.kill()


@pytest.fixture(scope="module")
def station():
    station = Station()
    yield station
    station.close()


@pytest.fixture
def graph():
    """graph(find) -> the first true value of `find(node)`, asked of the ROS graph as a node that
    has just come sees it: what one node has missed while others came and went, the next one learns.
    """
    import rclpy

    def ask(find, what: str, tries: int = 3):
        gc.collect()  # what the last test's arguments held is free only now, nodes among it
        for _ in range(tries):
            context = rclpy.Context()
            rclpy.init(context=context)
            node = rclpy.create_node("graph", context=context)
            try:
                end = time.monotonic() + TIMEOUT / 2
                while time.monotonic() < end:
                    if found := find(node):
                        return found
                    time.sleep(0.1)
                there = node.get_node_names_and_namespaces()
            finally:
                node.destroy_node()
                context.try_shutdown()
        raise AssertionError(f"{what}: not within {tries * TIMEOUT / 2:g} s; nodes: {there}")

    return ask


@pytest.fixture(scope="module")
def call(station):
    """call(type, service, request) -> the response of one of the node's services.

    DDS may lose an answer while two sides are still discovering each other, so what may be asked
    twice is asked again: tries=1 for what may not.
    """
    clients = {}

    def call(kind, service, request, tries=3):
        if service not in clients:
            clients[service] = station.node.create_client(kind, f"/humans4d/{service}")
        assert clients[service].wait_for_service(TIMEOUT)
        for _ in range(tries):
            future = clients[service].call_async(request)
            done = threading.Event()
            future.add_done_callback(lambda _, done=done: done.set())
            if done.wait(TIMEOUT / tries):
                return future.result()
        raise AssertionError(f"no answer of {service}")

    return call


@pytest.fixture
def change_state(call):
    """change_state(transition) -> whether it succeeded."""
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions

    def change(transition: int) -> bool:
        # Whoever answers this has been discovered.
        call(GetAvailableTransitions, "get_available_transitions",
             GetAvailableTransitions.Request())  # fmt: skip
        request = ChangeState.Request(transition=Transition(id=transition))
        return call(ChangeState, "change_state", request, tries=1).success

    return change


@pytest.fixture
def state(call):
    """state() -> the node's, by its service."""
    from lifecycle_msgs.srv import GetState

    return lambda: call(GetState, "get_state", GetState.Request()).current_state.label


@pytest.fixture
def set_parameter(call):
    """set_parameter(name, value) -> SetParametersResult."""
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    def set_parameter(name: str, value):
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return call(SetParameters, "set_parameters", request).results[0]

    return set_parameter


@pytest.fixture(scope="session")
def make_image_message():
    """make_image_message(image_bgr, stamp_ns, **changes) -> sensor_msgs/Image."""
    return image_message


@pytest.fixture(scope="session")
def make_compressed_message():
    """make_compressed_message(image_bgr, stamp_ns) -> sensor_msgs/CompressedImage, a JPEG."""
    from array import array

    from sensor_msgs.msg import CompressedImage

    def make(image_bgr, stamp_ns):
        data = cv2.imencode(".jpg", image_bgr)[1].tobytes()
        message = CompressedImage(format="bgr8; jpeg compressed bgr8", data=array("B", data))
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        message.header.frame_id = "camera_optical_frame"
        return message

    return make


@pytest.fixture
def run_node_here(monkeypatch):
    """run_node_here(pipeline, **parameters) -> an active node of this process with that pipeline;
    several share one executor. For what no recovery can show exactly, or would take long to."""
    import rclpy
    from humans4d_ros import node as node_module
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.lifecycle import TransitionCallbackReturn
    from rclpy.parameter import Parameter
    from rclpy.task import Future

    context = rclpy.Context()
    rclpy.init(context=context)
    executor, closed, nodes = SingleThreadedExecutor(context=context), Future(), []
    spin = executor.spin_until_future_complete
    spinner = threading.Thread(target=spin, args=(closed,))

    def run(pipeline, namespace: str = "", **parameters):
        monkeypatch.setattr(node_module, "create_pipeline", lambda *_, **__: pipeline)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = node_module.Humans4dNode(
            context=context, namespace=namespace, parameter_overrides=overrides
        )
        nodes.append(node)
        executor.add_node(node)
        if not spinner.is_alive():
            spinner.start()
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS, node._failure
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS, node._failure
        return node

    yield run
    closed.set_result(None)
    spinner.join()
    executor.shutdown()
    for node in nodes:
        with contextlib.suppress(RuntimeError):  # the test has shut it down already
            node.trigger_shutdown()
        node.destroy_node()
    # A lifecycle node stays in the ROS graph, for later tests to find, until nobody knows it.
    node = None
    nodes.clear()
    gc.collect()
    context.try_shutdown()

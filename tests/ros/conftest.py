"""What the ROS tests share: a network of their own, people to convert, a running node."""

import contextlib
import ctypes
import gc
import importlib.util
import os
import random
import re
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
from places import ROOT, SHARED
from scipy.spatial.transform import Rotation

from humans4d_core.errors import InputFileError
from humans4d_core.io import camera_info_fields
from humans4d_core.types import Bodies, Camera, Frame, People, TrackState

VIDEOS = (
    SHARED / "media/pets09-s2l1/vtest.avi",
    ROOT / ".cache/demo/vtest.avi",
)
#: Seconds until something that happens at once is said not to happen; machines may be busy.
TIMEOUT = 30.0

# Before any ROS module is loaded: they read the environment once.
os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 100))
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
    spec = importlib.util.spec_from_file_location("underlay_build", UNDERLAY / "build.py")
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
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
    return _people


def _people(count: int, states=None, num_vertices: int = 30, seed: int = 0) -> People:
    random_numbers = np.random.default_rng(seed)

    def normal(*shape):
        return random_numbers.normal(size=(count, *shape)).astype(np.float32)

    def covariance():
        root = normal(3, 3)
        return root @ root.swapaxes(1, 2)

    rotations = Rotation.random(max(count, 1) * 24, random_state=seed).as_matrix()
    rotations = rotations.astype(np.float32).reshape(-1, 24, 3, 3)[:count]
    ids = np.arange(1, count + 1, dtype=np.uint32)
    bodies = Bodies(
        boxes_px=normal(4) * 100,
        scores=random_numbers.random(count).astype(np.float32),
        global_orient=rotations[:, 0],
        body_pose=rotations[:, 1:],
        betas=normal(10),
        translation_cam=normal(3) + np.float32([0, 0, 5]),
        vertices_cam=normal(num_vertices, 3),
        joints_cam=normal(24, 3) + np.float32([0, 0, 5]),
        joints_px=normal(24, 2) * 100,
        joint_confidence=random_numbers.random((count, 24)).astype(np.float32),
        pelvis_covariance_cam=covariance(),
        recovery="landmarks",
        body_model="anny",
    )
    if states is None:
        states = [TrackState.CONFIRMED] * count
    return People(
        track_ids=ids,
        person_ids=ids + 100,
        states=np.array(states, np.uint8),
        last_seen_ns=1_700_000_000_000_000_000 + np.arange(count, dtype=np.int64),
        confidence=random_numbers.random(count).astype(np.float32),
        bodies=bodies,
        velocity_cam=normal(3),
        position_covariance_cam=covariance(),
        velocity_covariance_cam=covariance(),
    )


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


class NodeProcess:
    """The node as a process of its own, and what it says."""

    def __init__(self, parameters: dict, environment: dict[str, str] | None = None, arguments=()):
        assignments = [f"{name}:={value}" for name, value in parameters.items()]
        options = [word for text in assignments for word in ("-p", text)]
        command = [
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            "humans4d_ros.node",
            "--ros-args",
            *options,
            *arguments,
        ]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        self._lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait_until_it_says(self, text: str, timeout: float = 2 * TIMEOUT) -> None:
        with self._said:
            if not self._said.wait_for(lambda: text in self.output, timeout):
                raise AssertionError(f"the node never said '{text}', but:\n{self.output}")

    def own_shared_memory(self) -> set[str]:
        """Fast DDS's files in /dev/shm that this process has and this test's has not."""
        return shared_memory(self.process.pid) - shared_memory(os.getpid())

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            code = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler tells where each thread is
            self._reader.join(TIMEOUT)
            raise AssertionError(f"the node does not end:\n{self.output}") from None
        self._reader.join(TIMEOUT)
        return code

    def kill(self) -> None:
        """Whatever is left of the node's process group, and its files."""
        files = self.own_shared_memory() if self.process.poll() is None else set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(TIMEOUT)
            for file in files:
                Path(file).unlink(missing_ok=True)

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._said:
                self._lines.append(line)
                self._said.notify_all()


def shared_memory(pid: int) -> set[str]:
    """Fast DDS's files in /dev/shm that a process has mapped."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return set()
    return set(re.findall(r"/dev/shm/\S*fast(?:dds|rtps)\S*", maps))


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
    ROS arguments.
    """
    started = []

    def start(environment: dict[str, str] | None = None, arguments=(), **parameters) -> NodeProcess:
        started.append(NodeProcess(parameters, environment, arguments))
        return started[-1]

    yield start
    for node in started:
        node.kill()


class Station:
    """The other end of the node's topics: a camera that shows images, ears that keep messages."""

    def __init__(self):
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from humans4d_msgs.msg import BodyModel, TrackedPeople
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.qos import DurabilityPolicy, QoSProfile
        from rclpy.task import Future
        from sensor_msgs.msg import CameraInfo, CompressedImage, Image
        from tf2_msgs.msg import TFMessage
        from visualization_msgs.msg import MarkerArray

        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("station", context=self._context)
        self._changed = threading.Condition()
        self.received: dict[str, list] = {}
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.listen(TrackedPeople, "/humans4d/people", 100)
        self.listen(BodyModel, "/humans4d/body_model", latched)
        self.listen(TFMessage, "/tf", 100)
        self.listen(MarkerArray, "/humans4d/markers", 100)
        self.listen(DiagnosticArray, "/diagnostics", 100)
        self.images = self.node.create_publisher(Image, "/image", 1)
        self.compressed = self.node.create_publisher(CompressedImage, "/image/compressed", 1)
        self.infos = self.node.create_publisher(CameraInfo, "/camera_info", 1)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._closed = Future()
        spin = self._executor.spin_until_future_complete
        self._spinner = threading.Thread(target=spin, args=(self._closed,))
        self._spinner.start()

    def close(self) -> None:
        self._closed.set_result(None)
        self._spinner.join()
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def listen(self, kind, topic: str, qos):
        """Keep every message of a topic in `received`."""
        messages = self.received.setdefault(topic, [])

        def keep(message):
            with self._changed:
                messages.append(message)
                self._changed.notify_all()

        return self.node.create_subscription(kind, topic, keep, qos)

    def wait_for(self, find, what: str, timeout: float = TIMEOUT):
        """The first true value of `find()`, which is asked again at every message."""
        with self._changed:
            found = self._changed.wait_for(find, timeout)
        assert found, f"{what}: not within {timeout:g} s"
        return found

    def calibrate(self, node: NodeProcess, camera: Camera, **changes) -> None:
        """Publish CameraInfo until the node says that it has it."""
        from sensor_msgs.msg import CameraInfo

        message = CameraInfo(**{**camera_info_fields(camera), **changes})
        said = len(re.findall("CameraInfo of", node.output))
        deadline = time.monotonic() + TIMEOUT
        while len(re.findall("CameraInfo of", node.output)) == said:
            assert time.monotonic() < deadline, f"no CameraInfo arrived:\n{node.output}"
            self.infos.publish(message)
            with self._changed:
                self._changed.wait(0.1)

    def show(self, image_bgr: np.ndarray, stamp_ns: int):
        """Publish an image, wait for what the node says about it."""
        return self.answer(
            lambda: self.images.publish(image_message(image_bgr, stamp_ns)), stamp_ns
        )

    def answer(self, publish, stamp_ns: int | None = None):
        """The TrackedPeople of the image that `publish()` sends; it may get lost: three times.

        The image's stamp is stamp_ns, or the one that `publish()` returns.
        """
        people = self.received["/humans4d/people"]

        def find():
            return next((m for m in reversed(people) if nanoseconds(m) == stamp_ns), None)

        for timeout in (TIMEOUT / 6, TIMEOUT / 6, TIMEOUT):
            stamp_ns = publish() or stamp_ns
            with self._changed:
                if found := self._changed.wait_for(find, timeout):
                    return found
        raise AssertionError(f"no people for the image of {stamp_ns}: {self.diagnostics()}")

    def diagnostics(self) -> dict[str, str]:
        """The last report's values, and its level (0 to 3) and message."""
        reports = self.received["/diagnostics"]
        status = self.wait_for(lambda: reports and reports[-1].status[0], "diagnostics")
        values = {value.key: value.value for value in status.values}
        return {**values, "level": status.level[0], "message": status.message}

    def wait_for_diagnostics(self, is_it, what: str) -> dict[str, str]:
        return self.wait_for(lambda: (d := self.diagnostics()) and is_it(d) and d, what)


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


def nanoseconds(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def image_message(image_bgr: np.ndarray, stamp_ns: int, **changes):
    """sensor_msgs/Image, bgr8 unless `changes` say otherwise."""
    from array import array

    from sensor_msgs.msg import Image

    height, width = image_bgr.shape[:2]
    data = array("B", image_bgr.tobytes())
    fields = dict(height=height, width=width, encoding="bgr8", step=3 * width, data=data)
    message = Image(**{**fields, **changes})
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    message.header.frame_id = "camera_optical_frame"
    return message


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

"""What happens to robots: cameras die, clocks jump, subscribers hang. The node goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_msgs.msg import TrackedPeople
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image

from humans4d_core.config import RecoveryConfig
from humans4d_core.io import camera_info_fields
from humans4d_core.pipeline import Pipeline
from humans4d_core.recovery import create_recovery
from humans4d_core.tracking import Tracker
from humans4d_core.types import Camera, Detections

CAMERA = Camera.from_fov(768, 576, 0.9)
TIMEOUT = 30.0

#: A camera's driver: the images of a file, again and again, stamped as they are published.
DRIVER = """
import sys, time
from array import array
import numpy as np, rclpy
from sensor_msgs.msg import CameraInfo, Image
from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera

path, rate = sys.argv[1], float(sys.argv[2])
images = np.load(path)
_, height, width, _ = images.shape
info = CameraInfo(**camera_info_fields(Camera.from_fov(width, height, 0.9)))
messages = [
    Image(height=height, width=width, encoding="bgr8", step=3 * width,
          data=array("B", image.tobytes()))
    for image in images
]
rclpy.init()
node = rclpy.create_node("camera_driver")
image_out = node.create_publisher(Image, "/image", 1)
info_out = node.create_publisher(CameraInfo, "/camera_info", 1)
due, count = time.monotonic(), 0
while True:
    message = messages[count % len(messages)]
    count += 1
    message.header.stamp = info.header.stamp = node.get_clock().now().to_msg()
    message.header.frame_id = info.header.frame_id = "camera_optical_frame"
    info_out.publish(info)
    image_out.publish(message)
    due = max(due + 1 / rate, time.monotonic())
    time.sleep(max(due - time.monotonic(), 0))
"""

#: A subscriber that can be stopped while the middleware still believes in it.
LISTENER = """
import rclpy
from humans4d_msgs.msg import TrackedPeople
rclpy.init()
node = rclpy.create_node("listener")
node.create_subscription(
    TrackedPeople, "/humans4d/people", lambda m: print("heard", flush=True), 5
)
rclpy.spin(node)
"""


@pytest.fixture(scope="module")
def images_file(video_frames, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "images.npy"
    np.save(path, video_frames[:10])
    return path


@pytest.fixture
def start_process(kill_process):
    """start_process(code, *arguments) -> a Python process, killed in the end."""
    started = []

    def start(code, *arguments):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        kill_process(process)
        process.stdout.close()


@pytest.fixture(scope="module")
def node(start_node):
    node = start_node(image_timeout=1.0)
    node.wait_until_it_says("active: listening")
    return node


@pytest.fixture
def people_after(station):
    """people_after(count) -> that many more messages of people come; the last of them."""
    messages = station.received["/humans4d/people"]

    def wait(count: int):
        before = len(messages)
        station.wait_for(lambda: len(messages) >= before + count, f"{count} more lists of people")
        return messages[-1]

    return wait


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_a_camera_that_is_killed_is_missed_and_welcome_again(
    node, station, start_process, kill_process, images_file, people_after
):
    camera = start_process(DRIVER, images_file, 10)
    assert people_after(5).people
    kill_process(camera)
    report = station.wait_for_diagnostics(
        lambda report: "no image for" in report["message"], "the camera is missed"
    )
    assert report["level"] == 1
    assert "is the camera running?" in report["message"]
    start_process(DRIVER, images_file, 10)
    assert people_after(5).people
    station.wait_for_diagnostics(
        lambda report: "no image for" not in report["message"], "the camera is back"
    )
    assert node.process.poll() is None


def test_a_flood_of_images_is_neither_queued_nor_kept(
    node, station, start_process, images_file, people_after, call
):
    """200 images a second, many times what the node can do."""
    start_process(DRIVER, images_file, 200)
    people_after(5)
    before = resident_mb(node.process.pid)
    first = {k: v for k, v in station.diagnostics().items() if k.startswith("images_")}
    people_after(40)
    # It answers meanwhile.
    names = GetParameters.Request(names=["detector"])
    assert call(GetParameters, "get_parameters", names).values[0].string_value
    last = station.diagnostics()
    change = {key: int(last[key]) - int(first[key]) for key in first}
    assert change["images_dropped"] + change["images_lost"] > change["images_processed"]
    waiting = change["images_received"] - sum(
        change[f"images_{end}"] for end in ("processed", "dropped", "refused", "skipped")
    )
    assert abs(waiting) <= 2
    # 40 images' people took seconds, in which a queue would have grown by 1.3 MB an image.
    assert resident_mb(node.process.pid) - before < 100


def test_a_subscriber_that_stops_reading_does_not_stop_the_node(
    node, station, start_process, images_file, people_after
):
    listener = start_process(LISTENER)
    start_process(DRIVER, images_file, 20)
    assert listener.stdout.readline() == "heard\n"
    listener.send_signal(signal.SIGSTOP)
    people_after(30)
    listener.send_signal(signal.SIGCONT)
    people_after(5)
    assert listener.stdout.readline() == "heard\n"


def test_parameters_change_under_load(
    node, station, start_process, images_file, people_after, call
):
    start_process(DRIVER, images_file, 30)
    people_after(3)
    numbers = np.random.default_rng(0)
    kinds = {bool: ParameterType.PARAMETER_BOOL, float: ParameterType.PARAMETER_DOUBLE}
    fields = {bool: "bool_value", float: "double_value"}
    for _ in range(150):
        name, value = [
            ("publish_vertices", bool(numbers.integers(2))),
            ("publish_tf", bool(numbers.integers(2))),
            ("publish_joint_tf", bool(numbers.integers(2))),
            ("max_rate", float(numbers.uniform(5, 50))),
            ("tracker.confirm_seconds", float(numbers.uniform(0.1, 1))),
            ("tracker.occluded_seconds", float(numbers.uniform(0.5, 3))),
            ("tf_timeout", float(numbers.uniform(0, 1))),
        ][numbers.integers(7)]
        value_message = ParameterValue(type=kinds[type(value)], **{fields[type(value)]: value})
        request = SetParameters.Request(parameters=[Parameter(name=name, value=value_message)])
        result = call(SetParameters, "set_parameters", request).results[0]
        assert result.successful, (name, value, result.reason)
    off = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=False)
    request = SetParameters.Request(parameters=[Parameter(name="publish_vertices", value=off)])
    assert call(SetParameters, "set_parameters", request).results[0].successful
    people_after(2)
    assert all(len(mesh.vertices) == 0 for mesh in people_after(2).people)
    assert station.diagnostics().get("images_refused_internal", "0") == "0"


def test_nothing_of_all_that_was_a_mistake_of_the_node(node, station):
    assert node.process.poll() is None
    assert "Traceback" not in node.output
    assert "images_refused_internal" not in station.diagnostics()
    assert node.stop() == 0


def test_a_node_that_is_killed_comes_back_with_a_new_run_of_ids(
    start_node, station, start_process, kill_process, images_file, people_after
):
    """As a launch file's respawn starts it: what the dead one left behind is not in the way."""
    start_process(DRIVER, images_file, 10)
    for _ in range(2):
        node = start_node()
        node.wait_until_it_says("active: listening")
        assert people_after(5).people
        assert "track ids begin at 1\n" in node.output
        kill_process(node.process)
        station.received["/humans4d/people"].clear()


class NoDetector:
    name, start_score = "none", 0.5

    def detect(self, image_bgr) -> Detections:
        return Detections.empty()


@pytest.fixture
def pipeline():
    return lambda: Pipeline(
        NoDetector(), create_recovery(RecoveryConfig("landmarks"), 1), Tracker()
    )


SMALL = np.zeros((48, 64, 3), np.uint8)


@pytest.mark.slow
def test_a_clock_that_jumps_is_followed(run_node_here, pipeline, station, make_image_message):
    run_node_here(pipeline(), use_sim_time=True, horizontal_fov=1.0)
    clock = station.node.create_publisher(Clock, "/clock", 1)
    reports = station.received["/diagnostics"]
    hour = 3600 * 10**9
    noon = 1_700_000_000_000_000_000
    for jump, now in enumerate((noon, noon + hour, noon - hour, noon + 10 * hour, 10**9)):
        message = Clock()
        message.clock.sec, message.clock.nanosec = divmod(now, 10**9)

        def has_the_time(message=message):
            clock.publish(message)
            return reports and reports[-1].header.stamp == message.clock

        station.wait_for(has_the_time, "the time in diagnostics")
        stamp_ns = now - 10_000_000
        image = make_image_message(SMALL, stamp_ns)
        answer = station.answer(lambda image=image: station.images.publish(image), stamp_ns)
        assert answer.latency_seconds == pytest.approx(0.01), jump
    report = station.wait_for_diagnostics(
        lambda report: report["time_jumps_back"] == "2", "both jumps back"
    )
    assert report["images_refused"] == "0"
    station.node.destroy_publisher(clock)


def test_two_nodes_of_one_process_keep_to_themselves(
    run_node_here, pipeline, station, make_image_message
):
    front = run_node_here(pipeline(), namespace="front", horizontal_fov=1.0)
    rear = run_node_here(pipeline(), namespace="rear")
    create = station.node.create_publisher
    images = {name: create(Image, f"/{name}/image", 1) for name in ("front", "rear")}
    infos = create(CameraInfo, "/rear/camera_info", 1)
    for name in images:
        station.listen(TrackedPeople, f"/{name}/humans4d/people", 100)

    def shown(name, stamp_ns):
        message = make_image_message(SMALL, stamp_ns)
        heard = station.received[f"/{name}/humans4d/people"]

        def is_answered():
            images[name].publish(message)
            if name == "rear":
                infos.publish(CameraInfo(**camera_info_fields(Camera.from_fov(64, 48, 0.5))))
            return any(m.header.stamp == message.header.stamp for m in heard)

        station.wait_for(is_answered, f"people of {name}")

    now = time.time_ns()
    shown("front", now)
    shown("rear", now - 10**12)  # another clock altogether
    shown("front", now + 10**8)
    both = {"front/humans4d: people", "rear/humans4d: people"}
    reports = station.received["/diagnostics"]
    station.wait_for(
        lambda: both <= {status.name for m in reports for status in m.status}, "diagnostics of both"
    )
    for node in (front, rear):
        values = node._counters.report().values
        assert values["time_jumps_back"] == "0"
    rear.trigger_deactivate()
    rear.trigger_cleanup()
    shown("front", now + 2 * 10**8)

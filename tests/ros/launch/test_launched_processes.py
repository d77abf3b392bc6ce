"""What the launch files start, as real processes."""

import math
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from launched import node_of
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from humans4d_core.io import write_camera_bag
from humans4d_core.types import Camera, Frame

FIRST_STAMP = 1_700_000_000_000_000_000


@pytest.fixture
def run():
    """run(process, folder) -> Popen of a launched node; what is left of it is killed."""
    running = []

    def run(process, folder: Path):
        log = open(folder / f"{process.executable}_{len(running)}.log", "w+")
        running.append(
            subprocess.Popen(
                process.command,
                env=process.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        running[-1].log = Path(log.name)
        log.close()
        return running[-1]

    yield run
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(is_it, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not is_it():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def test_the_node_that_it_starts_runs(launch, run, tmp_path):
    launched = launch(
        "humans4d.launch.py", camera="/front", namespace="robot", log_level="info",
        use_sim_time="false",
    )  # fmt: skip
    node = run(node_of(launched), tmp_path)
    wait_until(lambda: "active: listening" in node.log.read_text(), node.log.read_text)
    said = node.log.read_text()
    assert "/front/image_raw, /front/camera_info" in said
    assert "robot.humans4d" in said
    node.send_signal(signal.SIGINT)
    assert node.wait(30) == 0


def write_video_bag(path, video_frames, count=12, offset_ns=0):
    """Images of the real video, two a second; log times are the stamps."""
    camera = Camera.from_fov(768, 576, 0.9)
    frames = [
        Frame(image, FIRST_STAMP + offset_ns + index * 500_000_000, camera)
        for index, image in enumerate(video_frames[:count])
    ]
    write_camera_bag(path, frames)
    return frames


def test_a_replay_makes_a_bag_of_people_and_ends(launch, run, tmp_path, video_frames):
    frames = write_video_bag(tmp_path / "camera", video_frames)
    launched = launch(
        "replay.launch.py", bag=str(tmp_path / "camera"), output=str(tmp_path / "people"),
        rate="0.5",
    )  # fmt: skip
    assert node_of(launched).parameters == {
        "autostart": True, "use_sim_time": True, "image_transport": "raw",
    }  # fmt: skip
    node = run(node_of(launched), tmp_path)
    replay = run(node_of(launched, "humans4d_replay"), tmp_path)
    replay.wait(180)
    said = replay.log.read_text()
    assert replay.returncode == 0, said + node.log.read_text()
    node.send_signal(signal.SIGINT)
    assert node.wait(30) == 0, node.log.read_text()

    people, times, model_time = [], [], None
    with AnyReader([tmp_path / "people"], default_typestore=get_typestore(Stores.EMPTY)) as reader:
        for connection, log_ns, data in reader.messages():
            times.append(log_ns)
            if connection.topic == "/humans4d/people":
                people.append(reader.deserialize(data, connection.msgtype))
                stamp = people[-1].header.stamp
                assert log_ns == stamp.sec * 10**9 + stamp.nanosec
            if connection.topic == "/humans4d/body_model":
                model_time = log_ns
    assert len(people) >= 6
    assert any(len(message.people) for message in people)
    # In silence one more message says who is LOST: it is of no image.
    people = [message for message in people if math.isfinite(message.node_seconds)]
    stamps = {frame.stamp_ns for frame in frames}
    assert {m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in people} <= stamps
    # It plays beside its source: its times are the source's, also of what has no stamp.
    assert model_time == FIRST_STAMP == min(times)
    assert max(times) <= FIRST_STAMP + 60 * 10**9
    # What was dropped is told.
    told = re.search(r"replayed (\d+) images in .* s: (\d+) became people(, (\d+) did not)?", said)
    assert (int(told[1]), int(told[2])) == (12, len(people))
    assert int(told[4] or 0) == 12 - len(people)

"""The demo: a real bag through the real node, and what is left of it on disk."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from ament_index_python.packages import get_package_share_directory
from humans4d_msgs.msg import BodyModel
from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.replay import bag_writer
from humans4d_ros.replay.bag_recorder import register_installed_type
from humans4d_ros.replay.demo.demo_input import DemoInput
from humans4d_ros.replay.demo.demo_report import write_results
from humans4d_ros.replay.demo.run_demo import main
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from humans4d_core.errors import InputFileError
from humans4d_core.io import CameraChoice, message_typestore, read_messages, write_camera_bag
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.types import Camera, Frame

PERIOD = 10**9 // 7
CHOICE = CameraChoice(intrinsics=(1169.0, 1169.0, 384.0, 288.0))
FILES = {"overlay.mp4", "people.jsonl", "summary.json", "node.log", "recording"}


def demo_command(bag: Path, output: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "humans4d_ros.replay.demo.run_demo",
        "--bag",
        bag,
        "--output",
        output,
    ]
    return [str(word) for word in command]


@pytest.fixture(scope="module")
def demo(pedestrian_bag, tmp_path_factory):
    """The folder that the demo left, and what it printed."""
    output = tmp_path_factory.mktemp("demo") / "out"
    result = subprocess.run(
        demo_command(pedestrian_bag, output), capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return output, result.stdout


def summary_of(output: Path) -> dict:
    return json.loads((output / "summary.json").read_text())


def people_messages(output: Path) -> list:
    messages = read_messages(output / "recording", ["/humans4d/people"], message_types())
    return [message for _, _, message in messages]


def message_types():
    return message_typestore(Path(get_package_share_directory("humans4d_msgs")))


def test_leaves_the_files_it_names(demo):
    output, printed = demo
    assert {path.name for path in output.iterdir()} == FILES
    for name in ("overlay.mp4", "people.jsonl", "summary.json", "recording"):
        assert name in printed


def test_figures_agree_with_the_recording(demo):
    output, _ = demo
    summary = summary_of(output)
    lines = [json.loads(line) for line in (output / "people.jsonl").read_text().splitlines()]
    frames = summary["frames"]
    assert frames["in"] == 21
    messages = people_messages(output)
    # At the end, and in silence, one more message says who is LOST: it is of no image.
    of_images = [message for message in messages if np.isfinite(message.node_seconds)]
    assert frames["processed"] == len(lines) == len(of_images) > 0
    assert frames["dropped"] == 21 - len(lines)
    assert summary["recorded_messages"]["/humans4d/people"] == len(messages)
    assert summary["node_exit_code"] == 0


def test_sees_the_people_of_the_video(demo):
    output, _ = demo
    assert max(len(message.people) for message in people_messages(output)) >= 2
    assert summary_of(output)["made_by"] == "movenet, landmarks, anny"


def test_records_tf_markers_and_body_model(demo):
    output, _ = demo
    recorded = summary_of(output)["recorded_messages"]
    assert recorded["/humans4d/body_model"] == 1
    assert recorded["/tf"] > 0 and recorded["/humans4d/markers"] > 0


def test_lines_carry_the_stamps_of_the_input(demo):
    output, _ = demo
    for line in (output / "people.jsonl").read_text().splitlines():
        line = json.loads(line)
        assert line["stamp_ns"] == 1_500_000_000_000_000_000 + (line["frame"] - 1) * PERIOD
        assert all(p["last_seen_ns"] <= line["stamp_ns"] for p in line["people"])


def test_latency_is_that_of_a_live_camera(demo):
    output, _ = demo
    seconds = summary_of(output)["seconds"]
    assert 0 < seconds["stamp_to_publish"]["p50"] < 60
    # Receipt comes after publication, publication after the node's own work.
    assert seconds["node"]["p50"] <= seconds["stamp_to_publish"]["p50"]
    assert seconds["stamp_to_publish"]["p50"] <= seconds["stamp_to_receipt"]["p50"]


def test_overlay_has_every_image_and_draws_the_people(demo, video_frames):
    output, _ = demo
    capture = cv2.VideoCapture(str(output / "overlay.mp4"))
    drawn = []
    while (read := capture.read())[0]:
        drawn.append(read[1])
    assert len(drawn) == 21
    seen = [
        line["frame"] - 1
        for line in map(json.loads, (output / "people.jsonl").read_text().splitlines())
        if any(person["state"] == "CONFIRMED" for person in line["people"])
    ]
    change = np.abs(drawn[seen[-1]].astype(int) - video_frames[seen[-1]]).max(axis=2)
    assert (change > 60).mean() > 0.002


def write_recording(path: Path, messages, faces):
    """A recording of (stamp of reception, TrackedPeople) and a body model."""
    store = get_typestore(Stores.EMPTY)
    register_installed_type(store, "humans4d_msgs/msg/TrackedPeople")
    register_installed_type(store, "humans4d_msgs/msg/BodyModel")
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        model = writer.add_connection(
            "/humans4d/body_model", "humans4d_msgs/msg/BodyModel", typestore=store
        )
        people = writer.add_connection(
            "/humans4d/people", "humans4d_msgs/msg/TrackedPeople", typestore=store
        )
        writer.write(model, 0, serialize_message(BodyModel(name="anny", faces=faces)))
        for log_ns, message in messages:
            writer.write(people, log_ns, serialize_message(message))


def test_pairs_people_with_their_images_where_some_were_dropped(tmp_path, make_people):
    camera = Camera(100.0, 100.0, 32.0, 24.0, 64, 48)
    stamps = [10**9 + index * PERIOD for index in range(5)]
    frames = [Frame(np.full((48, 64, 3), 50, np.uint8), stamp, camera) for stamp in stamps]
    write_camera_bag(tmp_path / "bag", frames)
    shift = 700 * 10**9
    messages = []
    for index in (1, 3):
        message = people_to_message(
            make_people(index), stamp_ns=stamps[index] + shift, frame_id="camera"
        )
        message.latency_seconds = 0.25
        messages.append((stamps[index] + shift + 400_000_000, message))
    write_recording(tmp_path / "recording", messages, faces=[0, 1, 2])
    done = []
    report = write_results(
        DemoInput("test", tmp_path / "bag"), tmp_path, 5, shift, threading.Event(),
        lambda count, note: done.append(count),
    )  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    assert [(line["frame"], line["stamp_ns"], len(line["people"])) for line in lines] == [
        (2, stamps[1], 1),
        (4, stamps[3], 3),
    ]
    assert (report.frames, report.processed) == (5, 2)
    seconds = report.times.as_dict()
    assert seconds["stamp_to_publish"]["p50"] == pytest.approx(0.25)
    assert seconds["stamp_to_receipt"]["p50"] == pytest.approx(0.4)
    assert done == [1, 2, 3, 4, 5]
    assert join_stamp(messages[0][1].header.stamp) - shift == stamps[1]


def test_an_unreadable_image_and_a_lost_overlay_leave_the_other_figures_in_place(
    tmp_path, make_people, monkeypatch
):
    monkeypatch.setattr(
        "humans4d_ros.replay.demo.demo_report.OverlayWriter.write", lambda *_: 1 / 0
    )
    cameras = [Camera(100.0, 100.0, 32.0, 24.0, 64, 48), Camera(100.0, 100.0, 20.0, 10.0, 40, 21)]
    stamps = [10**9 + index * PERIOD for index in range(4)]
    frames = [
        Frame(np.full((camera.height, camera.width, 3), 50, np.uint8), stamp, camera)
        for stamp, camera in zip(stamps, [cameras[k] for k in (0, 1, 0, 0)], strict=True)
    ]
    write_camera_bag(tmp_path / "bag", frames)
    messages = [
        (stamp, people_to_message(make_people(1), stamp_ns=stamp, frame_id="camera"))
        for stamp in (stamps[0], stamps[2])
    ]
    write_recording(tmp_path / "recording", messages, faces=[0, 1, 2])
    # With a field of view the second image's size is of no known camera.
    source = DemoInput("test", tmp_path / "bag", CameraChoice(fov_degrees=60))
    report = write_results(source, tmp_path, 3, 0, threading.Event(), lambda *_: None)
    lines = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [1, 3] and report.frames == 3
    assert any("overlay.mp4" in note for note in report.notes)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_interrupt_ends_the_node_and_leaves_a_whole_recording(pedestrian_bag, tmp_path):
    output = tmp_path / "out"
    process = subprocess.Popen(
        demo_command(pedestrian_bag, output),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("Replaying the bag") for line in lines)
        nodes = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Interrupted" in printed and "Traceback" not in errors
    assert len(nodes) == 1 and not Path(f"/proc/{nodes[0]}").exists()
    assert (output / "recording" / "metadata.yaml").is_file()
    people_messages(output)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_no_node_stays_behind_a_demo_that_is_killed_or_loses_its_terminal(
    pedestrian_bag, tmp_path, number
):
    output = tmp_path / "out"
    process = subprocess.Popen(
        demo_command(pedestrian_bag, output), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert any(line.startswith(b"Replaying the bag") for line in process.stdout)
        (node,) = children_of(process.pid)
        wait_for(lambda: recorded_people(output), process.poll)
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        process.kill()
    wait_for(lambda: not is_running(node), process.poll)
    assert recorded_people(output)
    assert (output / "recording" / "metadata.yaml").is_file() == (number == signal.SIGHUP)


def recorded_people(output: Path) -> list:
    try:
        return people_messages(output)
    except InputFileError:  # nothing is there yet
        return []


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, about, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, about()
        time.sleep(0.05)


def test_a_full_disk_ends_the_demo_with_one_sentence_and_keeps_what_was_recorded(
    pedestrian_bag, tmp_path, capfd, monkeypatch
):
    write, flush, chunks = bag_writer._WholeWrites.write, bag_writer.BagWriter.flush, []

    def write_until_full(file, data):
        if chunks:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data)

    def flush_and_count(writer):
        has_messages = writer.storage.has_messages
        flush(writer)
        chunks.extend([1] * has_messages)

    monkeypatch.setattr(bag_writer._WholeWrites, "write", write_until_full)
    monkeypatch.setattr(bag_writer.BagWriter, "flush", flush_and_count)
    output = tmp_path / "out"
    code = main(["--bag", str(pedestrian_bag), "--output", str(output)])
    errors = capfd.readouterr().err
    assert code == 1 and "Traceback" not in errors
    assert errors.count("error:") == 1 and "No space left on device" in errors
    assert list(read_messages(output / "recording", typestore=message_types()))


def test_the_view_says_its_address_and_ends_with_the_demo(pedestrian_bag, tmp_path):
    command = [*demo_command(pedestrian_bag, tmp_path / "out"), "--view", "--seconds", "1"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    address = re.search(r"^View: (http://127\.0\.0\.1:\d+)$", said.stdout, re.M)[1]
    with pytest.raises(URLError):
        urlopen(address)
    assert "Traceback" not in (tmp_path / "out/view.log").read_text()


def test_results_that_cannot_be_written_are_one_sentence(pedestrian_bag, tmp_path, capfd):
    (tmp_path / "file").write_text("")
    code = main(["--bag", str(pedestrian_bag), "--output", str(tmp_path / "file" / "out")])
    errors = capfd.readouterr().err
    assert code != 0 and errors.count("error:") == 1 and "Traceback" not in errors


def test_says_why_the_node_ended(pedestrian_bag, tmp_path, capfd, monkeypatch):
    # A Python that ends at once in place of the node's.
    monkeypatch.setattr(sys, "executable", "false")
    code = main(["--bag", str(pedestrian_bag), "--output", str(tmp_path / "out")])
    assert code == 1
    assert re.search(r"^error: the node ended before it was ready", capfd.readouterr().err, re.M)

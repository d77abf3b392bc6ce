"""`humans4d_play` as a program of its own."""

import os
import signal
import subprocess
import sys

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")


from raw_listener import CAMERA_TOPICS


def run_player(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "humans4d_ros.replay.bag_player", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, **options,
    )  # fmt: skip


def test_program_says_one_sentence_about_a_file_that_is_no_bag(tmp_path):
    (tmp_path / "bag.mcap").write_bytes(b"not a bag at all")
    for name in ("bag.mcap", "missing"):
        result = run_player(tmp_path / name)
        assert result.returncode == 2
        assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1


def test_program_loops_until_interrupted_and_ends_cleanly(camera_bag, listen):
    listener = listen(CAMERA_TOPICS)
    process = subprocess.Popen(
        [sys.executable, "-m", "humans4d_ros.replay.bag_player", camera_bag, "--loop",
         "--wait-for", "/camera/image_raw"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    listener.wait(30, seconds=30)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in errors
    assert "played" in output

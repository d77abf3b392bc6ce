"""A camera that is there now: here one on the network, of this machine."""

import json
import time

import numpy as np
import pytest
from network_camera import RATE, network_camera

from humans4d_core.errors import CameraError, InputFileError
from humans4d_core.io import CameraChoice, LiveCamera


def brightness(frame) -> float:
    return float(frame.image_bgr.mean())


def test_frames_come_with_the_time_at_which_they_came():
    before = time.time_ns()
    with network_camera(count=15) as address, LiveCamera(address) as source:
        frames = list(source)
    assert len(frames) > 5  # until the camera ended
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(stamps) and before <= stamps[0] <= stamps[-1] <= time.time_ns()
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert (frames[0].camera.width, frames[0].camera.height) == (160, 120)


def test_who_is_slow_gets_the_newest_and_never_one_twice():
    with network_camera() as address, LiveCamera(address) as source:
        seen = []
        for frame in source:
            seen.append(brightness(frame))
            time.sleep(8 / RATE)
            if len(seen) == 5:
                break
        taken = source.taken
    steps = np.diff(seen)
    assert (steps[1:] > 4).all(), seen  # pictures in between were left out
    assert source.skipped > 10
    assert taken > 20


def test_the_users_camera_has_to_fit():
    with network_camera(count=5) as address:
        with pytest.raises(CameraError):
            LiveCamera(address, CameraChoice(intrinsics=(500, 500, 900, 60)))
        with LiveCamera(address, CameraChoice(fov_degrees=60)) as source:
            assert source.camera.width == 160


@pytest.mark.parametrize("name", ["99", "/dev/video77", "http://127.0.0.1:1/nothing"])
def test_a_camera_that_is_not_there_is_said(name):
    with pytest.raises(InputFileError, match="cannot be opened"):
        LiveCamera(name)


@pytest.mark.parametrize("name", ["", "film.mp4", "/etc/passwd", "file:///etc/passwd", "-1",
                                  "12345", "concat:a|b", "/dev/sda", "\u0661"])  # fmt: skip
def test_what_is_no_camera_is_refused(name):
    with pytest.raises(InputFileError, match="is no index"):
        LiveCamera(name)


def test_a_run_takes_what_a_camera_sends(humans4d, tmp_path):
    with network_camera() as address:
        code, _, errors = humans4d(
            "run", "--camera", address, "-o", tmp_path / "out", "--max-frames", 4,
            "--set", "recovery=upright",
        )  # fmt: skip
    assert code == 0, errors
    lines = [json.loads(line) for line in (tmp_path / "out/people.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    assert time.time_ns() - lines[0]["stamp_ns"] < 120e9
    assert "camera" in json.loads((tmp_path / "out/summary.json").read_text())["input"]["kind"]
    assert "metres are only as good as that guess" in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "give one input"), (("film.mp4", "--camera", "0"), "give one input"),
     (("--camera", "0", "--fps", "5"), "--boxes, --fps and --topic are of files")],
)  # fmt: skip
def test_a_run_has_one_input(humans4d, tmp_path, arguments, said):
    code, _, errors = humans4d("run", *arguments, "-o", tmp_path / "out")
    assert code == 2
    assert said in errors and errors.count("\n") == 1

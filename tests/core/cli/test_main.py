import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT, SHARED

from humans4d_core.io import CameraChoice, open_source, read_mot, write_camera_bag

PEDESTRIANS = SHARED / "media" / "pets09-s2l1"


@pytest.fixture
def film(tmp_path):
    """film(frames): a small video that shows nobody."""

    def make(frames: int = 5) -> Path:
        path = tmp_path / "film.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (160, 120))
        for index in range(frames):
            writer.write(np.full((120, 160, 3), 40 + index % 100, np.uint8))
        writer.release()
        return path

    return make


def people_lines(folder):
    return [json.loads(line) for line in (folder / "people.jsonl").read_text().splitlines()]


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def frame_count(video):
    with open_source(video) as source:
        return sum(1 for _ in source)


def test_a_video_of_nobody_is_a_correct_empty_result(humans4d, film, tmp_path):
    out = tmp_path / "deep" / "out"
    code, stdout, stderr = humans4d("run", film(5), "-o", out, "--mot", out / "tracks.txt")
    assert code == 0
    assert [line["people"] for line in people_lines(out)] == [[]] * 5
    assert [line["stamp_ns"] for line in people_lines(out)] == [i * 10**8 for i in range(5)]
    assert frame_count(out / "overlay.mp4") == 5
    assert (out / "tracks.txt").read_text() == ""
    result = summary(out)
    assert (result["frames"], result["people"], result["ids"]) == (5, 0, 0)
    assert result["input"]["frame_rate"] == 10 and not result["interrupted"]
    assert set(result["seconds_per_stage"]) == {
        "read", "detect", "recover", "track", "write", "overlay",
    }  # fmt: skip
    assert "opencv" in result["versions"]
    # The table says where to look; the guess about the camera is said.
    assert str(out / "people.jsonl") in stdout
    assert "only as good as that guess" in stderr


def test_a_given_camera_and_fewer_frames_are_respected(humans4d, film, tmp_path):
    out = tmp_path / "out"
    options = ("--fov", 90, "--fps", 5, "--max-frames", 3, "--no-overlay")
    code, _, stderr = humans4d("run", film(5), "-o", out, *options)
    assert code == 0 and stderr == ""
    result = summary(out)
    assert result["frames"] == 3 and result["camera"]["fx"] == pytest.approx(80)
    assert people_lines(out)[2]["stamp_ns"] == 400_000_000
    assert not (out / "overlay.mp4").exists()


def test_a_bag_keeps_its_stamps_and_its_camera(humans4d, film, tmp_path):
    with open_source(film(3), CameraChoice(fov_degrees=70)) as source:
        write_camera_bag(tmp_path / "bag", source)
    out = tmp_path / "out"
    code, _, stderr = humans4d("run", tmp_path / "bag", "-o", out, "--no-overlay")
    assert code == 0 and stderr == ""
    assert [line["stamp_ns"] for line in people_lines(out)] == [0, 10**8, 2 * 10**8]
    assert summary(out)["camera"]["origin"] == "CameraInfo on /camera/camera_info"


def test_unusable_boxes_are_skipped_and_counted_and_the_run_goes_on(humans4d, film, tmp_path):
    boxes = tmp_path / "boxes.txt"
    boxes.write_text(
        "1,-1,nan,0,50,90,1\n1,-1,5,5,1,1,1\n1,-1,5,5,0,0,1\n2,-1,20,10,50,90,1\n"
        "3,-1,500,500,50,90,1\n3,-1,-900,10,50,90,1\n"
    )
    out = tmp_path / "out"
    code, stdout, _ = humans4d("run", film(4), "-o", out, "--boxes", boxes, "--no-overlay")
    assert code == 0
    result = summary(out)
    assert result["boxes"] == {"used": 3, "skipped": 3}
    assert result["frames"] == 4 and result["detector"] is None
    assert "3 unusable ones skipped" in stdout


def test_given_boxes_load_no_detector(humans4d, film, tmp_path, monkeypatch):
    def load(*_):
        raise AssertionError("a detector was loaded")

    monkeypatch.setattr("humans4d_core.pipeline.create_detector", load)
    boxes = tmp_path / "boxes.txt"
    boxes.write_text("1,-1,10,10,50,90,1\n")
    out = ("-o", tmp_path / "out", "--no-overlay")
    assert humans4d("run", film(2), *out, "--boxes", boxes)[0] == 0
    code, _, stderr = humans4d("run", film(2), *out, "--boxes", boxes, "--detector", "eyes")
    assert code == 2 and "eyes" in stderr


def test_boxes_of_which_nothing_is_made_are_counted_and_told(humans4d, film, tmp_path):
    boxes = tmp_path / "boxes.txt"
    # Nobody is in the film: sure boxes become no body, and beyond two a frame none is looked at.
    boxes.write_text("".join(f"1,-1,{x},10,20,60,0.9\n" for x in range(5, 30, 5)))
    out = tmp_path / "out"
    options = ("-o", out, "--boxes", boxes, "--no-overlay", "--max-people", 2)
    code, stdout, _ = humans4d("run", film(2), *options)
    assert code == 0
    result = summary(out)
    assert result["boxes_without_body"] == 2 and result["boxes_left_out"] == 3
    assert "2 sure boxes that show no body, 3 boxes beyond --max-people" in " ".join(stdout.split())


@pytest.mark.skipif(not PEDESTRIANS.exists(), reason="needs ../shared/media/pets09-s2l1")
def test_people_of_a_real_video_are_seen_tracked_and_written(humans4d, tmp_path):
    out = tmp_path / "out"
    tracks = out / "tracks.txt"
    options = ("--max-frames", 12, "--mot", tracks)
    code, _, _ = humans4d("run", PEDESTRIANS / "vtest.avi", "-o", out, *options)
    assert code == 0
    lines, result = people_lines(out), summary(out)
    assert len(lines) == 12 and frame_count(out / "overlay.mp4") == 12
    assert result["people"] >= 2 and result["recovery"] == "landmarks"
    confirmed = [p for p in lines[-1]["people"] if p["state"] == "CONFIRMED"]
    assert len(confirmed) >= 2
    assert all(2 < person["pelvis_cam"][2] < 60 for person in confirmed)
    # The tracks are the same people, on the people that the ground truth names.
    written = read_mot(tracks)[12].boxes_px
    np.testing.assert_allclose(written, [p["box"] for p in confirmed], atol=0.03)
    truth = read_mot(PEDESTRIANS / "gt.txt")[12].boxes_px
    assert (overlap(written, truth).max(axis=1) > 0.4).mean() >= 0.7


def overlap(a, b):
    """Intersection over union: (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (a, b)]
    return both / (areas[0][:, None] + areas[1][None] - both)


@pytest.mark.skipif(not PEDESTRIANS.exists(), reason="needs ../shared/media/pets09-s2l1")
def test_given_boxes_replace_the_detector(humans4d, tmp_path):
    out = tmp_path / "out"
    boxes = PEDESTRIANS / "det_nanodet.txt"
    options = ("--boxes", boxes, "--max-frames", 10, "--no-overlay")
    code, _, _ = humans4d("run", PEDESTRIANS / "vtest.avi", "-o", out, *options)
    assert code == 0 and summary(out)["people"] >= 2
    given = read_mot(boxes)
    for line in people_lines(out):
        seen = [p["box"] for p in line["people"] if p["state"] in ("TENTATIVE", "CONFIRMED")]
        distance = np.abs(np.array(seen)[:, None] - given[line["frame"]].boxes_px[None])
        assert distance.max(-1).min(1).max() < 40


def mistakes(folder, film):
    """Name -> (arguments after `run`, what the sentence says)."""
    text = folder / "text.mp4"
    text.write_text("no video at all\n" * 100)
    (folder / "empty.mp4").touch()
    cut = folder / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    (folder / "nothing").mkdir()
    (folder / "boxes.txt").write_text("1,-1,0,0,9,9,1\n1,-1,zero,0,9,9,1\n")
    out = ("-o", folder / "out")
    return {
        "missing": ((folder / "none.mp4", *out), "does not exist"),
        "empty": ((folder / "empty.mp4", *out), "is empty"),
        "cut off": ((cut, *out), "cut off"),
        "no video": ((text, *out), "not a video"),
        "no images": ((folder / "nothing", *out), "holds no images"),
        "boxes": ((film, *out, "--boxes", folder / "boxes.txt"), "boxes.txt, line 2"),
        "no boxes": ((film, *out, "--boxes", folder / "none.txt"), "none.txt cannot be read"),
        "intrinsics": ((film, *out, "--intrinsics", "500,500"), "2 numbers"),
        "field of view": ((film, *out, "--fov", "200"), "between 0 and 180"),
        "both": ((film, *out, "--fov", "60", "--intrinsics", "9,9,9,9"), "not both"),
        "frame rate": ((film, *out, "--fps", "0"), "frames a second"),
        "topic": ((film, *out, "--topic", "/camera"), "no rosbag2"),
        "detector": ((film, *out, "--detector", "eyes"), "eyes"),
        "recovery": ((film, *out, "--recovery", "guess"), "guess"),
        "output": ((film, "-o", film), "cannot write to"),
        "output below a file": ((film, "-o", film / "out"), "cannot write to"),
        "tracks": ((film, *out, "--mot", folder / "no" / "t.txt"), "cannot write to"),
        "overwriting": ((film, *out, "--mot", film), "would be overwritten"),
    }


@pytest.mark.parametrize(
    "mistake",
    [
        "missing", "empty", "cut off", "no video", "no images", "boxes", "no boxes", "intrinsics",
        "field of view", "both", "frame rate", "topic", "detector", "recovery", "output",
        "output below a file", "tracks", "overwriting",
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_exit_code_2(humans4d, film, tmp_path, mistake):
    path = film()
    before = path.read_bytes()
    arguments, sentence = mistakes(tmp_path, path)[mistake]
    code, stdout, stderr = humans4d("run", *arguments)
    assert code == 2 and stdout == ""
    assert sentence in stderr and stderr.count("\n") == 1 and "Traceback" not in stderr
    assert path.read_bytes() == before


def test_wrong_usage_is_exit_code_2(humans4d, film):
    for arguments in ((), ("run", film()), ("run", film(), "-o", "x", "--max-frames", "0")):
        code, _, stderr = humans4d(*(arguments or ("fly",)))
        assert code == 2 and "Error: " in stderr


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_ctrl_c_leaves_complete_files(film, tmp_path):
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "humans4d_core.cli.main",
        "run",
        str(film(3000)),
        "-o",
        str(out),
    ]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        people = out / "people.jsonl"
        deadline = time.monotonic() + 120
        while not (people.exists() and people.stat().st_size):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "Traceback" not in stderr
    result = summary(out)
    assert result["interrupted"] and 0 < result["frames"] < 3000
    assert len(people_lines(out)) == result["frames"] == frame_count(out / "overlay.mp4")


def test_help_and_version_load_nothing_heavy():
    code = (
        "import sys; from humans4d_core.cli import main as cli\n"
        "for option in ('--help', '--version'):\n"
        "    sys.argv = ['humans4d', option]\n"
        "    try: cli.main()\n"
        "    except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'numba', 'onnxruntime', 'cv2', 'scipy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert "run" in result.stdout and "doctor" in result.stdout and "humans4d" in result.stdout

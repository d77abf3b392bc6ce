"""What a run leaves behind: rows of the right images, and the result whatever else fails."""

import errno
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from humans4d_core.cli.runner import Outputs, run
from humans4d_core.errors import Humans4dError
from humans4d_core.io import CameraChoice, MotBoxes, open_source
from humans4d_core.pipeline import Result
from humans4d_core.types import Bodies, Detections, People, TrackState


def person(number: int) -> People:
    """Somebody CONFIRMED whose box begins at x = `number`."""
    bodies = Bodies.empty(3, "landmarks", "anny")
    ones = {
        name: np.zeros((1, *getattr(bodies, name).shape[1:]), np.float32)
        for name in ("boxes_px", "scores", "betas", "translation_cam", "vertices_cam",
                     "joints_cam", "joints_px", "joint_confidence", "pelvis_covariance_cam")
    }  # fmt: skip
    ones["boxes_px"][0] = (number, 2, number + 10, 30)
    eye = np.eye(3, dtype=np.float32)
    bodies = Bodies(
        global_orient=eye[None], body_pose=np.broadcast_to(eye, (1, 23, 3, 3)).copy(),
        recovery="landmarks", body_model="anny", **ones,
    )  # fmt: skip
    zeros = np.zeros((1, 3), np.float32)
    return People(
        np.array([1], np.uint32), np.array([1], np.uint32),
        np.array([TrackState.CONFIRMED], np.uint8), np.zeros(1, np.int64),
        np.ones(1, np.float32), bodies, zeros, np.zeros((1, 3, 3), np.float32),
        np.zeros((1, 3, 3), np.float32),
    )  # fmt: skip


class Pipeline:
    """Sees one person, whose box tells which boxes were given."""

    def __init__(self):
        self.detector = SimpleNamespace(name="none")
        body = SimpleNamespace(faces=np.array([[0, 1, 2]], np.int32), name="anny")
        self.recovery = SimpleNamespace(name="landmarks", description="", body=body)
        self.resets = 0

    def process(self, frame, detections=None):
        number = frame.number if detections is None else int(detections.boxes_px[0, 0])
        return Result(person(number), detections or Detections.empty(), {})

    def reset(self):
        self.resets += 1


@pytest.fixture
def images(tmp_path):
    """images(*values): a folder of pictures; None is one that cannot be read, a pair is a size."""

    def make(*values):
        folder = tmp_path / "images"
        folder.mkdir()
        rng = np.random.default_rng(0)
        for number, size in enumerate(values, start=1):
            path = folder / f"{number}.png"
            if size is None:
                path.write_bytes(b"broken")
            else:
                image = rng.integers(0, 255, (size[1], size[0], 3), np.uint8)
                cv2.imwrite(str(path), image)
        return folder

    return make


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def process(folder, outputs, camera=None, pipeline=None, **options):
    with open_source(folder, camera) as source:
        return run(source, pipeline or Pipeline(), outputs, **options)


SIZE = (64, 48)


def test_boxes_people_and_tracks_belong_to_their_images_after_an_unreadable_one(images, tmp_path):
    outputs = Outputs(tmp_path, mot=tmp_path / "tracks.txt")
    one = np.ones(1, np.float32)
    boxes = MotBoxes(
        {n: Detections(np.array([[n, 0, n + 9, 9]], np.float32), one) for n in range(1, 6)}, 5, 0
    )
    summary = process(images(SIZE, None, SIZE, None, SIZE), outputs, boxes=boxes)
    found = [(line["frame"], line["people"][0]["box"][0]) for line in lines(outputs.people_path)]
    assert found == [(1, 1), (3, 3), (5, 5)]
    rows = [line.split(",")[:3] for line in outputs.mot.read_text().splitlines()]
    assert rows == [["1", "1", "1.00"], ["3", "1", "3.00"], ["5", "1", "5.00"]]
    assert summary["frames"] == 3 and summary["input"]["frames_skipped"] == 2


def test_the_most_frames_are_of_those_that_can_be_read(images, tmp_path):
    outputs = Outputs(tmp_path, overlay=False)
    process(images(SIZE, None, SIZE, SIZE), outputs, max_frames=2)
    assert [line["frame"] for line in lines(outputs.people_path)] == [1, 3]


def overlay_size(path):
    with open_source(path) as source:
        return [frame.image_bgr.shape[:2] for frame in source]


@pytest.mark.parametrize(
    ("size", "made"),
    [((8192, 64), (64, 8190)), ((40, 9000), (8190, 36)), ((61, 47), (46, 60)), ((1, 1), (2, 2))],
)
def test_an_overlay_too_large_for_its_format_is_made_smaller_and_said(images, tmp_path, size, made):
    outputs = Outputs(tmp_path)
    summary = process(images(size), outputs)
    assert overlay_size(outputs.overlay_path) == [made]
    assert any("overlay.mp4 is made" in n for n in summary["input"]["notes"]) == (max(size) > 8190)


# A limit on the size of files holds for the whole process, what it prints into a file included:
# a process of its own has it.
ON_A_FULL_DISK = """
import json, pathlib, resource, runpy, sys
tests = runpy.run_path(sys.argv[1])
folder, output, size, overlay = *map(pathlib.Path, sys.argv[2:4]), *map(int, sys.argv[4:])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    print(json.dumps(tests["process"](folder, tests["Outputs"](output, overlay=bool(overlay)))))
except tests["Humans4dError"] as error:
    sys.exit(str(error))
"""


def process_on_full_disk(folder, output, size, overlay=True):
    """Where every file ends at `size` bytes: (the summary or None, the error)."""
    command = [sys.executable, "-c", ON_A_FULL_DISK, __file__, folder, output, size, int(overlay)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout) if done.returncode == 0 else None, done.stderr


def test_an_overlay_that_finds_no_room_is_left_out_and_the_result_is_whole(images, tmp_path):
    folder, outputs = images(*[(320, 240)] * 12), Outputs(tmp_path)
    summary, _ = process_on_full_disk(folder, tmp_path, 60_000)
    assert len(lines(outputs.people_path)) == 12
    assert json.loads(outputs.summary_path.read_text())["frames"] == 12
    assert summary["failed_outputs"] == [str(outputs.overlay_path)]
    assert any("overlay.mp4" in n and "File too large" in n for n in summary["input"]["notes"])
    assert not outputs.overlay_path.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_tracks_that_find_no_room_are_given_up_and_the_result_is_whole(images, tmp_path):
    from pathlib import Path

    outputs = Outputs(tmp_path, mot=Path("/dev/full"))
    summary = process(images(SIZE, SIZE, SIZE), outputs)
    assert len(lines(outputs.people_path)) == 3 and len(overlay_size(outputs.overlay_path)) == 3
    assert summary["failed_outputs"] == ["/dev/full"]
    assert any("No space left" in note for note in summary["input"]["notes"])


def test_an_overlay_that_cannot_be_drawn_is_given_up(images, tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError("too large")

    monkeypatch.setattr("humans4d_core.drawing.overlay_video.draw_overlay", fail)
    outputs = Outputs(tmp_path)
    summary = process(images(SIZE, SIZE), outputs)
    assert len(lines(outputs.people_path)) == 2
    assert summary["failed_outputs"] == [str(outputs.overlay_path)]


def test_people_that_find_no_room_are_one_sentence_and_whole_lines(images, tmp_path):
    outputs = Outputs(tmp_path, overlay=False)
    _, error = process_on_full_disk(images(*[SIZE] * 12), tmp_path, 5_000, overlay=False)
    assert "people.jsonl: File too large" in error and len(error.splitlines()) == 1
    text = outputs.people_path.read_text()
    assert text.endswith("\n") and 1 <= len(lines(outputs.people_path)) < 12


def test_an_overlay_makes_room_for_people_on_a_full_disk(images, tmp_path, monkeypatch):
    outputs = Outputs(tmp_path)
    write, calls = os.write, []

    def full(descriptor, data):
        calls.append(descriptor)
        if len(calls) > 3 and outputs.overlay_path.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr("humans4d_core.io.results.whole_lines.os.write", full)
    summary = process(images(*[SIZE] * 6), outputs)
    assert [line["frame"] for line in lines(outputs.people_path)] == [1, 2, 3, 4, 5, 6]
    assert summary["failed_outputs"] == [str(outputs.overlay_path)]
    assert any("No space left" in note for note in summary["input"]["notes"])
    assert not outputs.overlay_path.exists()


def test_what_an_earlier_run_left_is_not_taken_for_this_ones(images, tmp_path):
    outputs = Outputs(tmp_path)
    outputs.summary_path.write_text("{}")
    outputs.overlay_path.write_text("old")
    summary, error = process_on_full_disk(images(*[SIZE] * 12), tmp_path, 5_000)
    assert summary is None and "File too large" in error
    assert not outputs.summary_path.exists() and not outputs.overlay_path.exists()


def test_a_field_of_view_holds_for_each_size_and_tracks_begin_anew(images, tmp_path):
    pipeline = Pipeline()
    seen = []
    pipeline.process = lambda frame, _: (
        seen.append(frame.camera) or Result(person(1), Detections.empty(), {})
    )
    choice = CameraChoice(fov_degrees=90)
    folder = images((64, 48), (64, 48), (128, 96), (40, 80))
    summary = process(folder, Outputs(tmp_path, overlay=False), choice, pipeline)
    assert [camera.fx for camera in seen] == pytest.approx([32, 32, 64, 20])
    assert pipeline.resets == 2
    assert sum("change size" in note for note in summary["input"]["notes"]) == 1


def test_intrinsics_are_scaled_to_the_same_shape_and_other_shapes_are_left_out(images, tmp_path):
    choice = CameraChoice(intrinsics=(50, 50, 32, 24))
    folder = images((64, 48), (128, 96), (40, 80), (32, 24), (96, 72))
    with open_source(folder, choice) as source:
        cameras = {frame.number: frame.camera for frame in source}
    assert {n: c.fx for n, c in cameras.items()} == {1: 50, 2: 100, 4: 25, 5: 75}
    assert source.skipped == 1 and any("40x80" in note for note in source.notes)


def test_a_fifo_that_nobody_reads_does_not_block_the_start(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Humans4dError, match="pipe"):
        Outputs(tmp_path / "out", mot=tmp_path / "pipe").prepare([])

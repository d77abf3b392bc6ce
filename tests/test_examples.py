"""Each example is short, and does what it says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT, SHARED

EXAMPLES = ROOT / "examples"
VIDEO = SHARED / "media/pets09-s2l1/vtest.avi"


def run(name: str, *arguments) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Eight images of pedestrians; of noise where the media are missing."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    capture, random = cv2.VideoCapture(str(VIDEO)), np.random.default_rng(0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 7.0, (768, 576))
    for _ in range(8):
        has_image, image = capture.read()
        writer.write(image if has_image else random.integers(0, 255, (576, 768, 3), np.uint8))
    writer.release()
    return path


def test_all_are_short_and_tested():
    files = (Path(__file__), *(ROOT / "tests/ros").glob("test_*.py"))
    tested = "".join(path.read_text() for path in files)
    for path in EXAMPLES.glob("*.py"):
        assert path.name in tested
        assert len(path.read_text().splitlines()) < 60, path.name


def test_people_have_ids_and_places(film):
    said = run("people_in_images.py", film)
    assert not VIDEO.exists() or re.search(r"^0\.\d\d s: 1 at \S+, \S+, \S+ m$", said, re.M)


def test_a_detector_of_ones_own_finds_boxes(film):
    said = run("own_detector.py", film)
    counts = [int(n) for n in re.findall(r"^frame \d+: (\d+) boxes", said, re.M)]
    assert len(counts) == 8 and (max(counts) > 0 or not VIDEO.exists())


def test_a_recovery_of_ones_own_says_that_it_made_the_bodies(film):
    said = run("own_recovery.py", film)
    assert said.count("twice_as_sure") == 8


def test_a_metric_of_ones_own_reads_the_result(tmp_path):
    places = [[(0, 0, 4), (1, 0, 4), (0, 0, 9)], [(0, 0, 4)], []]
    people = tmp_path / "people.jsonl"
    lines = [json.dumps({"people": [{"pelvis_cam": p} for p in row]}) for row in places]
    people.write_text("\n".join(lines))
    assert "within 1.00 m" in run("own_metric.py", people)

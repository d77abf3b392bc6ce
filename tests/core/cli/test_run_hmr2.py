"""`humans4d run` with the user's HMR 2.0 weights (here: the tiny ones)."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from places import SHARED

PEDESTRIANS = SHARED / "media" / "pets09-s2l1"


def run(*arguments):
    command = [sys.executable, "-m", "humans4d_core.cli.main", "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(not PEDESTRIANS.exists(), reason="needs ../shared/media/pets09-s2l1")
def test_the_bodies_are_those_of_hmr2_and_it_is_said(tiny_hmr2, tmp_path):
    options = ("--checkpoint", tiny_hmr2, "--device", "cpu", "--max-frames", 6, "--no-overlay")
    result = run(PEDESTRIANS / "vtest.avi", "-o", tmp_path, *options)
    assert result.returncode == 0, result.stderr
    assert "recovery: tiny.safetensors on cpu" in result.stdout
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["recovery"], summary["body_model"]) == ("hmr2", "smpl")
    lines = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    assert len(lines) == 6 and all(line["recovery"] == "hmr2" for line in lines)
    person = lines[-1]["people"][0]
    assert np.array(person["joints_cam"]).shape == (24, 3) and person["pelvis_cam"][2] > 0


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--recovery", "hmr2"), "no HMR 2.0 checkpoint was found"),
        (("--checkpoint", "nowhere.ckpt"), "nowhere.ckpt does not exist"),
        (("--checkpoint", __file__), "test_run_hmr2.py"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_one_sentence(
    humans4d, film, tmp_path, options, sentence
):
    code, _, err = humans4d("run", film, "-o", tmp_path / "out", *options)
    assert code == 2
    assert sentence in err and err.count("\n") == 1

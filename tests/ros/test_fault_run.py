"""The fault run (benchmarks/faults) in short: one fault of each kind, judged like the long one."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

SCRIPT = ROOT / "benchmarks/faults/run.py"
FAULTS = (
    "another_size", "stamps_go_back", "calibration_of_nothing", "garbage",
    "texts_that_are_not_utf8", "far_away", "extreme_tracker", "values_of_no_type",
    "clock_of_nonsense", "recycled",
)  # fmt: skip


@pytest.mark.slow
def test_ten_faults_break_nothing(video_frames, tmp_path):
    images, result = tmp_path / "images.npy", tmp_path / "result.json"
    np.save(images, video_frames)
    command = [sys.executable, SCRIPT, images, "--seconds", "10", "--faults", str(len(FAULTS))]
    command += ["--only", ",".join(FAULTS), "--result", result, "--keep", tmp_path / "logs"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600)
    assert result.exists(), done.stdout + done.stderr
    found = json.loads(result.read_text())
    assert found["failures"] == []
    assert found["used"] == dict.fromkeys(sorted(FAULTS), 1)
    assert done.returncode == 0

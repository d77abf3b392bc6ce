"""humans4d evaluate live, with a real node over DDS."""

import json
import subprocess
import sys

import numpy as np
from humans4d_ros.replay.live import evaluate_live

from humans4d_core.io import write_camera_bag
from humans4d_core.types import Camera, Frame

CAMERA = Camera(100.0, 100.0, 32.0, 24.0, 64, 48)


def make_bag(path, count=8, rate=4):
    frames = [
        Frame(np.full((48, 64, 3), k, np.uint8), 1_700_000_000 * 10**9 + k * 10**9 // rate, CAMERA)
        for k in range(count)
    ]
    write_camera_bag(path, frames)
    return path


def test_a_bag_at_its_pace_tells_where_every_image_went(tmp_path):
    bag, output = make_bag(tmp_path / "bag"), tmp_path / "live.json"
    command = [sys.executable, "-m", "humans4d_core.cli.main", "evaluate", "live", str(bag),
               "-o", str(output), "--set", "detector=nanodet"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    result = json.loads(output.read_text())
    (run,) = result["runs"]
    images = run["images"]
    assert images["sent"] == 8
    told = ("dropped_by_dds", "dropped_by_mailbox", "processed", "late", "refused")
    assert sum(images[name] for name in told) == 8
    assert run["messages"] == images["processed"] > 0
    assert 0 < run["latency_ms"]["p50"] < 60_000
    assert run["memory_mb_peak"] > 50 and run["cpu_cores"] > 0
    assert result["versions"]["humans4d"] and result["models"]["nanodet_g.onnx"]
    assert f"of {images['sent']} images" in done.stdout


def test_mistakes_are_one_sentence(tmp_path, capsys):
    assert evaluate_live.main([str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
    (tmp_path / "x.mcap").write_text("no bag")
    assert evaluate_live.main([str(tmp_path / "x.mcap")]) == 2
    assert "is not a rosbag2" in capsys.readouterr().err

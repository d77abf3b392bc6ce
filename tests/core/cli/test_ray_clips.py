"""An evaluation on a real Ray cluster of this machine, one of whose workers is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_sequences import make_sequence
from waiting import wait_for

pytest.importorskip("ray", reason="pip install '.[ray]'")
pytest.importorskip("trackeval")

COMMAND = [sys.executable, "-m", "humans4d_core.cli.main", "evaluate", "run"]


def arguments(sequences, output):
    boxes = [word for each in sequences for word in ("--boxes", str(each / "gt/gt.txt"))]
    return [*COMMAND, *map(str, sequences), "-o", str(output), *boxes, "--set", "recovery=upright",
            "--set", "tracker.use_images=false"]  # fmt: skip


def workers():
    """Processes that are at work on a clip."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::attempt"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return sorted(found)


def test_a_worker_that_is_killed_changes_nothing_of_the_result(tmp_path):
    sequences = [make_sequence(tmp_path / f"walk{k}", 60, seed=k) for k in range(2)]
    process = subprocess.Popen(
        [*arguments(sequences, tmp_path / "ray"), "--ray", "local"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: len(workers()) == 2 or process.poll() is not None, 120)
    os.kill(workers()[0], signal.SIGKILL)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "walk0: done" in said and "walk1: done" in said
    subprocess.run(arguments(sequences, tmp_path / "here"), check=True, capture_output=True)
    for clip in ("walk0", "walk1"):
        for name in ("tracks.parquet", "images.parquet", "people.jsonl"):
            first, second = (tmp_path / f / "clips" / clip / name for f in ("ray", "here"))
            assert first.read_bytes() == second.read_bytes()


def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path):
    sequence = make_sequence(tmp_path / "walk", 5)
    done = subprocess.run(
        [*arguments([sequence], tmp_path / "out"), "--ray", "127.0.0.1:1"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr

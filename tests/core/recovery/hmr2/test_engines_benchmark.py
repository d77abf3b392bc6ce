import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

from humans4d_core.recovery.hmr2 import Hmr2Config
from humans4d_core.recovery.hmr2.engines.deviation import (
    rotation_deviation,
    sample_crops_like_images,
)

SCRIPT = Path(__file__).parents[4] / "benchmarks" / "hmr2_speed.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("hmr2_speed", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_benchmark_runs_and_writes_its_results(benchmark, tmp_path, monkeypatch, capsys):
    arguments = ["--tiny", "--device", "cpu", "--engines", "torch", "--batches", "1,2"]
    monkeypatch.setattr(sys, "argv", ["", *arguments, "--repeats", "1", "--output", str(tmp_path)])
    benchmark.main()
    (file,) = tmp_path.iterdir()
    result = json.loads(file.read_text())
    assert file.name.startswith("hmr2_speed_") and f"written: {file}" in capsys.readouterr().out
    assert [(row["engine"], row["precision"], row["batch"]) for row in result["engines"]] == [
        (engine, precision, batch)
        for engine, precision in (
            ("torch", "fp32"), ("torch", "bf16"), ("torch, merged tokens", "bf16")
        )
        for batch in (1, 2)
    ]  # fmt: skip
    exact, rounded, merged = (result["engines"][row] for row in (0, 2, 4))
    assert exact["mean_degrees"] < 1e-3 < rounded["mean_degrees"] < merged["mean_degrees"]
    assert exact["error"] < rounded["error"] < merged["error"]
    assert {"cores", "load_average", "torch", "machine"} <= result.keys()
    assert result["frames"]["rows"][1]["people"] == 5


def test_random_weights_give_people_who_differ(benchmark):
    model = benchmark.random_model(benchmark.TINY)
    output = model(sample_crops_like_images(6, seed=5))
    rolled = type(output)(*(value.roll(1, 0) for value in output))
    assert 15 < rotation_deviation(output, rolled).mean() < 90
    assert output.camera[:, 0].min() > 0.3


def test_operations_of_the_released_network_are_counted(benchmark):
    assert benchmark.crop_flops(Hmr2Config()) == pytest.approx(248e9, rel=0.01)


def test_calls_take_turns(benchmark):
    order = []
    seconds = benchmark.medians(
        [lambda: order.append("a"), lambda: order.append("b")], 2, torch.device("cpu")
    )
    assert order == ["a", "b"] * 3
    assert len(seconds) == 2 and min(seconds) > 0

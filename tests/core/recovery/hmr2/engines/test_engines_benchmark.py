import importlib.util
import json
import sys

import pytest
import torch
from places import ROOT

from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2 import Hmr2Config

SCRIPT = ROOT / "benchmarks" / "hmr2_speed.py"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    spec = importlib.util.spec_from_file_location("hmr2_speed", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(benchmark, tmp_path, monkeypatch):
    def run(only: str) -> dict:
        fixed = ["--tiny", "--device", "cpu", "--batches", "1,2", "--repeats", "1"]
        monkeypatch.setattr(sys, "argv", ["", *fixed, "--only", only, "--output", str(tmp_path)])
        benchmark.main()
        (file,) = tmp_path.iterdir()
        assert file.name.startswith("hmr2_speed_")
        return json.loads(file.read_text())

    return run


def test_the_benchmark_writes_each_engine_in_each_batch(run):
    result = run("torch")
    rows = {(row["engine"], row["precision"], row["batch"]): row for row in result["engines"]}
    kinds = (("torch", "fp32"), ("torch", "bf16"), ("torch, merged tokens", "bf16"))
    assert rows.keys() == {(*kind, batch) for kind in kinds for batch in (1, 2)}
    exact, rounded, merged = (rows[(*kind, 1)] for kind in kinds)
    assert exact["mean_degrees"] < 1e-3 < rounded["mean_degrees"] < merged["mean_degrees"]
    assert exact["error"] < rounded["error"] < merged["error"]
    assert {"cores", "torch", "machine"} <= result.keys()
    peaks = result["matrix_peak_tops"]
    assert {"fp32", "bf16"} <= peaks.keys() and min(peaks.values()) > 0
    assert exact["percent_of_peak"] > 0 and rounded["percent_of_peak"] > 0
    assert "percent_of_peak" not in merged


def test_parts_measured_alone_leave_the_others(run):
    run("head")
    result = run("frames")
    assert [row["batch"] for row in result["head"]] == [1, 2]
    assert [row["people"] for row in result["frames"]["rows"]] == [1, 5]


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

"""How fast HMR 2.0 runs here by each engine, and how far its rotations are from plain float32.

    python benchmarks/hmr2_speed.py [--device cuda] [--only torch,head] [--output FOLDER]

Each engine runs by turns with the reference, the plain network in float32 of the same weights, so
that both meet the same load of the machine; the ratio is that of their medians. Ratios depend on
the processor, so each engine's share of the machine's own matrix peak in that precision, measured
in the same run, stands beside them. Weights are random, of full size and sane (random_hmr2.py);
crops are random smooth images. "error" is the largest difference of any output, divided by the
largest magnitude of that output; degrees are angles between rotations. The load average tells how
busy the machine was: this script alone brings it to the number of cores. Writes
hmr2_speed_<machine>.json.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from matrix_peak import matrix_peaks, wait
from random_hmr2 import TINY, crop_flops, random_model
from rich.console import Console
from rich.table import Table

from humans4d_core.body import load_body
from humans4d_core.body.body_module import BodyModule
from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config
from humans4d_core.recovery.hmr2.engines import choose_engine
from humans4d_core.recovery.hmr2.engines import tensorrt_engine as tensorrt_engines
from humans4d_core.recovery.hmr2.frame_prediction import FramePredictor
from humans4d_core.recovery.hmr2.onnx_export import export_onnx
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction

# Engine, precision, whether tokens are merged.
CPU_RUNS = (
    ("torch", "fp32", False), ("openvino", "fp32", False), ("onnxruntime", "fp32", False),
    ("torch", "bf16", False), ("openvino", "bf16", False), ("onnxruntime", "int8", False),
    ("torch", "bf16", True),
)  # fmt: skip
GPU_RUNS = (
    ("torch", "fp32", False), ("torch", "bf16", False), ("torch", "fp16", False),
    ("torch", "fp16", True), ("tensorrt", "fp16", False),
)  # fmt: skip


def medians(calls: list[Callable[[], object]], repeats: int, device: torch.device) -> list[float]:
    """Median seconds of each call; they take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats + 1):
        for call, taken in zip(calls, times, strict=True):
            wait(device)
            start = time.perf_counter()
            call()
            wait(device)
            if turn:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def errors(output, reference) -> dict[str, float]:
    degrees = rotation_deviation(output, reference)
    differences = (
        ((a - b).abs().max() / b.abs().max()).item() for a, b in zip(output, reference, strict=True)
    )
    return {
        "error": max(differences),
        "mean_degrees": degrees.mean().item(),
        "max_degrees": degrees.max().item(),
    }


def create(model: Hmr2, run: tuple[str, str, bool], device: torch.device):
    name, precision, reduced = run
    if name != "tensorrt":
        reduction = TokenReduction(after_layer=model.config.depth // 4) if reduced else None
        return choose_engine(model, device, name, precision, reduction).engine
    if not tensorrt_engines.is_available():
        raise Humans4dError("this onnxruntime has no TensorRT")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        export_onnx(model, path)
        return tensorrt_engines.tensorrt_engine(path, model.body, precision, device)


@torch.no_grad()
def measure_engine(model, run, device, batches, repeats, peaks) -> list[dict]:
    engine = create(model, run, device)
    crops = sample_crops_like_images(max(batches), seed=7).to(device)
    engine.warm_up(batches)
    found = errors(engine.run(crops), model(crops))
    rows = []
    for batch in batches:
        images = crops[:batch]
        reference, seconds = medians(
            [lambda x=images: model(x), lambda x=images: engine.run(x)],
            max(3, repeats // batch) if device.type == "cpu" else repeats,
            device,
        )
        row = {
            "engine": engine.name + (", merged tokens" if run[2] else ""),
            "precision": engine.precision,
            "batch": batch,
            "ms": seconds * 1e3,
            "reference_ms": reference * 1e3,
            "ratio": reference / seconds,
            "crops_per_second": batch / seconds,
            **found,
            "load_average": round(os.getloadavg()[0], 1),
        }
        peak = peaks.get(engine.precision)
        if peak and not run[2]:  # merged tokens leave out operations that are counted
            row["percent_of_peak"] = 100 * crop_flops(model.config) * batch / seconds / peak
        rows.append(row)
    return rows


@torch.no_grad()
def measure_head(model: Hmr2, device, batches, repeats) -> list[dict]:
    """The folded head beside the plain one, in float32, on tokens."""
    folded = model.head.folded()
    rows = []
    for batch in batches:
        crops = sample_crops_like_images(batch, seed=7).to(device)
        tokens = model.backbone.tokens(crops[..., 32:-32])
        reference, seconds = medians(
            [lambda t=tokens: model.head(t), lambda t=tokens: folded(t)], 5 * repeats, device
        )
        pairs = zip(folded(tokens), model.head(tokens), strict=True)
        rows.append(
            {
                "batch": batch,
                "ms": seconds * 1e3,
                "reference_ms": reference * 1e3,
                "ratio": reference / seconds,
                "error": max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs),
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
    return rows


def measure_frames(model: Hmr2, device, counts, repeats) -> dict:
    """From a 1080p image on the host to vertices on the host, by the engine chosen for here."""
    choice = choose_engine(model, device)
    predict = FramePredictor(choice.engine)
    choice.engine.warm_up(counts)
    image = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    rows = []
    for count in counts:
        left = np.linspace(0, 1500, count)
        boxes = np.stack((left, left * 0 + 100, left + 250, left * 0 + 650), axis=1)
        (seconds,) = medians([lambda b=boxes: predict(image, b)], repeats, device)
        rows.append(
            {
                "people": count,
                "ms": seconds * 1e3,
                "frames_per_second": 1 / seconds,
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
    return {"engine": choice.reason, "rows": rows}


def machine_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", lines, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def print_table(title: str, rows: list[dict]) -> None:
    table = Table(title=title, title_justify="left", min_width=len(title))
    columns = max(rows, key=len)
    for column in columns:
        side = "left" if column == "engine" else "right"
        table.add_column(column.replace("_", " "), justify=side)
    for row in rows:
        cells = (row.get(column, "-") for column in columns)
        table.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in cells))
    Console(width=150).print(table)


class ResultsFile:
    """The machine's results: written after each part, so that parts can be measured again alone."""

    def __init__(self, folder: Path, machine: str, tiny: bool, parts_kept: bool):
        slug = re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-")
        self.path = folder / f"hmr2_speed_{slug}{'_tiny' if tiny else ''}.json"
        folder.mkdir(parents=True, exist_ok=True)
        header = {
            "machine": machine,
            "cores": len(os.sched_getaffinity(0)),
            "torch": torch.__version__,
            "tiny": tiny,
        }
        self.content = {**header, "engines": []}
        if parts_kept and self.path.exists():
            old = json.loads(self.path.read_text())
            if all(old.get(key) == value for key, value in header.items()):
                self.content = old

    def add_engine(self, rows: list[dict]) -> None:
        """Rows replace those of the same engine, precision and batch."""
        new = {_key(row) for row in rows}
        kept = [row for row in self.content["engines"] if _key(row) not in new]
        self.content["engines"] = sorted(kept + rows, key=_key)
        self.write()

    def write(self, **parts) -> None:
        self.content.update(parts)
        self.path.write_text(json.dumps(self.content, indent=1) + "\n")


def _key(row: dict) -> tuple[str, str, int]:
    return row["engine"], row["precision"], row["batch"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1; default: a GPU if there is one")
    parser.add_argument("--only", help="of torch,openvino,onnxruntime,tensorrt,head,frames; what "
                        "the results file has of the rest is kept")  # fmt: skip
    parser.add_argument("--batches", help="people at once, separated by commas")
    parser.add_argument("--repeats", type=int, help="timed runs of each, fewer in large batches")
    parser.add_argument("--tiny", action="store_true", help="a tiny network: does the script run?")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()

    default = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(arguments.device or default)
    on_gpu = device.type == "cuda"
    parts = arguments.only.split(",") if arguments.only else None
    batches = tuple(map(int, (arguments.batches or ("1,2,4,8,16" if on_gpu else "1,4")).split(",")))
    repeats = arguments.repeats or (50 if on_gpu else 7)
    people = (1, 8) if on_gpu else (1, 5)

    model = random_model(TINY if arguments.tiny else Hmr2Config())
    model.body = BodyModule(load_body())
    model.to(device)
    results = ResultsFile(
        arguments.output, machine_name(device), arguments.tiny, parts_kept=parts is not None
    )
    # The reference is float32 to the end; torch's default lets convolutions use TF32.
    torch.backends.cudnn.allow_tf32 = False
    peaks = matrix_peaks(device, 256 if arguments.tiny else None)
    results.write(matrix_peak_tops={name: peak / 1e12 for name, peak in peaks.items()})

    for run in GPU_RUNS if on_gpu else CPU_RUNS:
        if parts is None or run[0] in parts:
            try:
                results.add_engine(measure_engine(model, run, device, batches, repeats, peaks))
            except Humans4dError as error:
                print(f"{run[0]} {run[1]} left out: {error}")
            gc.collect()
    if parts is None or "head" in parts:
        results.write(head=measure_head(model, device, batches, repeats))
    if parts is None or "frames" in parts:
        results.write(frames=measure_frames(model, device, people, repeats))

    found = results.content
    for precision, peak in found["matrix_peak_tops"].items():
        print(f"matrix peak in {precision}, measured: {peak:.3g} tera-operations a second")
    if found["engines"]:
        print_table("network: crops to SMPL parameters", found["engines"])
    if "head" in found:
        print_table("head, folded, beside the plain one", found["head"])
    if "frames" in found:
        title = f"1080p image to vertices: {found['frames']['engine']}"
        print_table(title, found["frames"]["rows"])
    print(f"written: {results.path}")


if __name__ == "__main__":
    main()

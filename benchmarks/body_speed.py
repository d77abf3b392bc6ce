"""How long does posing bodies take?

    python benchmarks/body_speed.py [--body SMPL_NEUTRAL.pkl] [--device cuda] [--threads 2]

Prints a table: median milliseconds for 1, 5 and 20 people, in numpy and in torch, float32.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from humans4d_core.body import BodyModel, load_body
from humans4d_core.body.body_module import BodyModule
from humans4d_core.geometry.rotations import axis_angle_to_matrix

PEOPLE = (1, 5, 20)
WARM_UP = 20
REPEATS = 200


def random_pose(count: int) -> tuple[torch.Tensor, ...]:
    """global_orient (N, 3, 3), body_pose (N, 23, 3, 3) and betas (N, 10)."""
    random = torch.Generator().manual_seed(0)
    rotations = axis_angle_to_matrix(0.3 * torch.randn(count, 24, 3, generator=random))
    return rotations[:, 0], rotations[:, 1:], torch.randn(count, 10, generator=random)


def median_ms(run: Callable[[], object]) -> float:
    """Median wall time of one run."""
    times = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UP:]) * 1e3


@torch.inference_mode()
def in_torch(module: BodyModule, count: int, device: torch.device) -> float:
    pose = [part.to(device) for part in random_pose(count)]

    def run() -> None:
        module(*pose)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return median_ms(run)


def in_numpy(body: BodyModel, count: int) -> float:
    pose = [part.numpy() for part in random_pose(count)]
    return median_ms(lambda: body(*pose))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--body", type=Path, help="SMPL .pkl or .npz (the embedded body)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (torch's choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
        threadpool_limits(options.threads)
    device = torch.device(options.device)
    body = load_body(options.body)
    module = BodyModule(body).to(device)
    title = f"body '{body.name}', {body.num_vertices} vertices, {device}"
    if device.type == "cpu":
        title += f", {torch.get_num_threads()} threads"
    table = Table("people", "numpy, ms", "torch, ms", title=title)
    for count in PEOPLE:
        times = in_numpy(body, count), in_torch(module, count, device)
        table.add_row(str(count), *(f"{each:.2f}" for each in times))
    Console().print(table)


if __name__ == "__main__":
    main()

"""How long does posing bodies take?

    python benchmarks/body_speed.py [--body SMPL_NEUTRAL.pkl] [--device cuda] [--threads 2]

Prints a table: median milliseconds for 1, 5 and 20 people, inference in float32.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from humans4d_core.body import BodyModel, load_body
from humans4d_core.geometry import axis_angle_to_matrix

PEOPLE = (1, 5, 20)
WARM_UP = 20
REPEATS = 200


def median_ms(body: BodyModel, count: int, device: torch.device) -> float:
    """Median wall time of one forward pass for `count` people."""
    random = torch.Generator().manual_seed(0)
    rotations = axis_angle_to_matrix(0.3 * torch.randn(count, 24, 3, generator=random)).to(device)
    betas = torch.randn(count, 10, generator=random).to(device)
    times = []
    with torch.inference_mode():
        for _ in range(WARM_UP + REPEATS):
            start = time.perf_counter()
            body(rotations[:, 0], rotations[:, 1:], betas)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UP:]) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--body", type=Path, help="SMPL .pkl or .npz (the embedded body)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (torch's choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    body = load_body(options.body).to(device)
    title = f"body '{body.name}', {body.num_vertices} vertices, {device}"
    if device.type == "cpu":
        title += f", {torch.get_num_threads()} threads"
    table = Table("people", "median ms", title=title)
    for count in PEOPLE:
        table.add_row(str(count), f"{median_ms(body, count, device):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""What does one update of the tracker cost?

    python benchmarks/tracking_speed.py [--people 50] [--vertices 6890] [--frames 200]

People walk to and fro at 10 frames/s; each line is another input: everybody seen in the same order,
in another order every frame, a fifth of them missing. Prints the median and the 95th percentile.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from humans4d_core.geometry import project
from humans4d_core.tracking import Tracker
from humans4d_core.types import Bodies, Camera, Frame

CAMERA = Camera.from_fov(1280, 720, 1.2)


def crowd(positions: np.ndarray, vertices: np.ndarray) -> Bodies:
    """Standing bodies at `positions` (N, 3) m with the mesh `vertices` (V, 3) m."""
    n = len(positions)
    joints = np.repeat(positions[:, None], 24, axis=1)
    joints[..., 1] += np.linspace(-0.8, 0.8, 24)
    corners = positions[:, None] + np.array([[-0.25, -0.85, 0], [0.25, 0.85, 0]])
    arrays = (
        project(corners, CAMERA).reshape(n, 4), np.full(n, 0.9), np.tile(np.eye(3), (n, 1, 1)),
        np.tile(np.eye(3), (n, 23, 1, 1)), np.zeros((n, 10)), positions,
        positions[:, None] + vertices, joints, project(joints, CAMERA), np.ones((n, 24)),
        np.tile(np.diag([0.01, 0.01, 0.5]), (n, 1, 1)),
    )  # fmt: skip
    return Bodies(*(np.asarray(a, np.float32) for a in arrays), "synthetic", "card")


def measure(people: int, num_vertices: int, frames: int, shuffled: bool, missing: float):
    """Milliseconds of each update."""
    random = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.linspace(-6, 6, 10), np.arange(8, 28, 4)), -1).reshape(-1, 2)
    start = np.insert(grid[np.arange(people) % len(grid)], 1, 0.0, axis=1)
    start[:, 0] += 0.3 * (np.arange(people) // len(grid))
    velocity = random.normal(0, 0.3, (people, 3)) * (1, 0, 1)
    mesh = random.normal(0, 0.3, (num_vertices, 3))
    image = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    tracker, times = Tracker(), []
    for k in range(frames):
        bodies = crowd(start + 3 * velocity * np.sin(0.1 * k), mesh)
        rows = random.permutation(people) if shuffled else np.arange(people)
        # Copies of select are made here, outside the clock.
        bodies = bodies.select(rows[random.random(people) >= missing])
        frame = Frame(image, k * 100_000_000, CAMERA)
        begin = time.perf_counter()
        tracker.update(frame, bodies)
        times.append(1e3 * (time.perf_counter() - begin))
    return times[10:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--vertices", type=int, default=6890)
    parser.add_argument("--frames", type=int, default=200)
    arguments = parser.parse_args()
    size = arguments.people, arguments.vertices, arguments.frames
    print(f"{arguments.people} people, {arguments.vertices} vertices: ms an update")
    cases = (("same order", False, 0.0), ("shuffled", True, 0.0), ("fifth missing", True, 0.2))
    for name, shuffled, missing in cases:
        times = measure(*size, shuffled, missing)
        print(f"{name:14s} p50 {np.median(times):5.2f}  p95 {np.quantile(times, 0.95):5.2f}")


if __name__ == "__main__":
    main()

"""What do clothes cost, a frame?

    python benchmarks/appearance_speed.py [--repeat 100]

Standing people with the embedded body, seen from 4 m on, in an image of noise: sampling colours
(visibility included) and one update of the tracker with and without. Prints median and 95th
percentile of the wall time.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import numpy as np

from humans4d_core.body import BodyModel, Surface, load_body
from humans4d_core.geometry import project
from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.tracking.appearance import observed_colors
from humans4d_core.types import Bodies, Camera, Frame


def crowd(people: int, body: BodyModel, camera: Camera) -> Bodies:
    """Rows of standing people that fill the image."""
    columns = min(people, 8)
    index = np.arange(people)
    depth = 4.0 + 1.5 * (index // columns)
    across = (index % columns - (columns - 1) / 2) * camera.width / columns / camera.fx * depth
    place = np.stack((across, np.zeros(people), depth), 1).astype(np.float32)
    still = np.tile(np.eye(3), (1, 23, 1, 1))
    posed = body(np.diag([1.0, -1, -1]), still, np.zeros((1, 10)))
    vertices = posed.vertices + place[:, None]
    joints = posed.joints + place[:, None]
    pixels = project(vertices, camera)
    arrays = (
        np.concatenate((pixels.min(1), pixels.max(1)), 1), np.full(people, 0.9),
        np.tile(np.eye(3), (people, 1, 1)), np.tile(np.eye(3), (people, 23, 1, 1)),
        np.zeros((people, 10)), place, vertices, joints, project(joints, camera),
        np.ones((people, 24)), np.tile(np.diag([0.01, 0.01, 0.5]), (people, 1, 1)),
    )  # fmt: skip
    return Bodies(*(np.asarray(a, np.float32) for a in arrays), "synthetic", body.name)


def times(action: Callable[[int], object], repeat: int) -> str:
    """p50 and p95 (ms) of action(k), its first calls left out."""
    spent = []
    for k in range(repeat + 5):
        start = time.perf_counter()
        action(k)
        spent.append(1e3 * (time.perf_counter() - start))
    return f"p50 {np.median(spent[5:]):6.2f}  p95 {np.quantile(spent[5:], 0.95):6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=100)
    repeat = parser.parse_args().repeat
    body = load_body()
    surface = Surface.of_body(body)
    for people, width, height in ((8, 640, 480), (50, 640, 480), (50, 1280, 720)):
        camera = Camera.from_fov(width, height, math.radians(60))
        random = np.random.default_rng(0)
        image = random.integers(0, 256, (height, width, 3), np.uint8)
        bodies, rows = crowd(people, body, camera), np.arange(people)

        def at(k: int, image=image, camera=camera) -> Frame:
            return Frame(image, k * 100_000_000, camera)

        def sample(k: int, bodies=bodies, rows=rows, at=at) -> object:
            return observed_colors(at(k), bodies, rows, surface)

        print(f"{people:2d} people at {width}x{height}, ms")
        print("  colours           ", times(sample, repeat))
        for label, use in (("update without     ", False), ("update with colours", True)):
            tracker = Tracker(TrackerConfig(use_appearance=use), surface)

            def update(k: int, bodies=bodies, at=at, tracker=tracker) -> object:
                return tracker.update(at(k), bodies)

            print(f"  {label}", times(update, repeat))


if __name__ == "__main__":
    main()

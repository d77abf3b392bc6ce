"""Does the tracker's memory depend on how long it runs?

    python benchmarks/tracking_long_run.py [--frames 100000] [--rate 10]

People come, walk through the image, are missed now and then, and leave for ever; clothes are
compared and the lost are remembered, as on a robot. Then half an hour of empty images, then people
again. Prints, ten times on the way, the process' memory and how many blocks Python's allocator
holds, whom the tracker knows, and the median milliseconds of an update.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time

import numpy as np

from humans4d_core.body import Surface
from humans4d_core.geometry import project
from humans4d_core.simulation.simulated_crowd import World
from humans4d_core.tracking import Tracker
from humans4d_core.types import Bodies, Camera, Frame

CAMERA = Camera.from_fov(320, 240, 1.2)
EMPTY_SECONDS = 1800
ARRIVALS = 0.35  # people a second
LATERAL = 3.5  # m beside the axis where people come and go
MISSED = 0.1


class Street:
    """People who cross from one side to the other, each once."""

    def __init__(self, seed: int):
        world = World()
        self.surface, self.name = Surface.of_body(world.body), world.body.name
        upright, pose = np.diag([1.0, -1, -1])[None], np.tile(np.eye(3), (1, 23, 1, 1))
        self.mesh, self.joints, _ = world.placed(np.zeros(3), upright, pose, np.zeros((1, 10)))
        self.random = np.random.default_rng(seed)
        self.places, self.speeds = np.zeros((0, 3)), np.zeros(0)
        self.images = self.random.integers(0, 256, (8, CAMERA.height, CAMERA.width, 3), np.uint8)

    def step(self, seconds: float) -> Bodies:
        """Bodies of those who are seen, `seconds` later."""
        random = self.random
        if random.random() < ARRIVALS * seconds:
            side = random.choice([-1.0, 1.0])
            place = (side * LATERAL, random.uniform(-0.1, 0.1), random.uniform(4, 8))
            self.places = np.concatenate((self.places, [place]))
            self.speeds = np.append(self.speeds, -side * random.uniform(0.7, 1.6))
        self.places[:, 0] += self.speeds * seconds
        stays = np.abs(self.places[:, 0]) <= LATERAL
        self.places, self.speeds = self.places[stays], self.speeds[stays]
        return self.bodies(self.places[random.random(len(self.places)) >= MISSED])

    def bodies(self, places: np.ndarray) -> Bodies:
        """Standing bodies with noisy depths."""
        n, random = len(places), self.random
        places = places * (1 + random.normal(0, 0.03, (n, 1)))
        vertices, joints = places[:, None] + self.mesh, places[:, None] + self.joints
        pixels = project(vertices, CAMERA)
        ray = places / np.linalg.norm(places, axis=1, keepdims=True)
        covariance = 0.05**2 * np.eye(3) + (0.08 * places[:, 2, None, None]) ** 2 * (
            ray[:, :, None] * ray[:, None]
        )
        arrays = (
            np.concatenate((pixels.min(1), pixels.max(1)), 1), random.uniform(0.3, 0.95, n),
            np.tile(np.eye(3), (n, 1, 1)), np.tile(np.eye(3), (n, 23, 1, 1)),
            random.normal(0, 0.2, (n, 10)), places, vertices, joints, project(joints, CAMERA),
            np.ones((n, 24)), covariance,
        )  # fmt: skip
        return Bodies(*(np.asarray(a, np.float32) for a in arrays), "synthetic", self.name)


def resident_mb() -> float:
    """MB that the process holds in memory (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=10.0)
    arguments = parser.parse_args()
    street, period = Street(0), 1 / arguments.rate
    tracker, spent, seconds = Tracker(surface=street.surface), [], 0.0
    nobody = street.bodies(np.zeros((0, 3)))

    def update(bodies: Bodies) -> int:
        nonlocal seconds
        seconds += period
        image = street.images[int(seconds * arguments.rate) % len(street.images)]
        frame = Frame(image, round(seconds * 1e9), CAMERA)
        start = time.perf_counter()
        people = tracker.update(frame, bodies)
        spent.append(1e3 * (time.perf_counter() - start))
        return len(people)

    def report(label: str, people: int) -> None:
        gc.collect()
        print(
            f"{label:>14s}  {resident_mb():7.1f} MB  {sys.getallocatedblocks():8d} blocks  "
            f"{people:3d} people  {tracker.next_id - 1:6d} ids so far  "
            f"p50 {np.median(spent):5.2f} ms",
            flush=True,
        )
        spent.clear()

    part = max(arguments.frames // 10, 1)
    for k in range(1, arguments.frames + 1):
        people = update(street.step(period))
        if k % part == 0:
            report(f"{k} frames", people)
    for _ in range(round(EMPTY_SECONDS * arguments.rate)):
        people = update(nobody)
    report("empty 30 min", people)
    for _ in range(part):
        people = update(street.step(period))
    report("people again", people)


if __name__ == "__main__":
    main()

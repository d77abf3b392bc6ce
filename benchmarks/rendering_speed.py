"""What the z-buffer, visibility and overlay of people cost.

    python benchmarks/rendering_speed.py [--body FILE.npz] [--json benchmarks/results/...]

The embedded body stands in a row, in its rest pose, at 3.5 to 6 m. The warm-up is that of a fresh
process: with an empty kernel cache, then with the one it left.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from humans4d_core.body import load_body
from humans4d_core.drawing import warm_up
from humans4d_core.drawing.overlay import draw_overlay
from humans4d_core.geometry import project
from humans4d_core.mesh.visibility import visible_vertices
from humans4d_core.mesh.z_buffer import render
from humans4d_core.types import JOINT_PARENTS, Bodies, Camera, People, TrackState

SCENES = ((5, 640, 480), (8, 768, 576), (8, 1920, 1080))
WARM_UP = (
    "import time; from humans4d_core.drawing import warm_up; "
    "start = time.perf_counter(); warm_up(); print(time.perf_counter() - start)"
)


def make_scene(body, count: int, width: int, height: int) -> tuple[People, Camera]:
    """A row of people that fills the image's width."""
    focal = 0.9 * width
    camera = Camera(focal, focal, width / 2, height / 2, width, height)
    random = np.random.default_rng(0)
    depth = np.linspace(3.5, 6, count)
    x = np.linspace(-0.42, 0.42, count) * depth * width / focal
    center = np.stack((x, np.zeros(count), depth), -1).astype(np.float32)
    heading = np.linspace(-1, 1, count)
    turn = np.zeros((count, 3, 3))
    # SMPL's y up, z forward -> the camera's y down, z forward: half a turn about x, then a heading.
    turn[:, 0, 0], turn[:, 0, 2] = np.cos(heading), -np.sin(heading)
    turn[:, 1, 1] = -1
    turn[:, 2, 0], turn[:, 2, 2] = -np.sin(heading), -np.cos(heading)
    pose = np.tile(np.eye(3), (count, len(JOINT_PARENTS) - 1, 1, 1))
    betas = random.normal(0, 0.5, (count, 10)).astype(np.float32)
    output = body(turn, pose, betas)
    vertices = output.vertices - output.joints[:, :1] + center[:, None]
    joints = output.joints - output.joints[:, :1] + center[:, None]
    pixels = project(vertices, camera)
    boxes = np.concatenate((pixels.min(1), pixels.max(1)), -1).astype(np.float32)
    ones = np.ones(count, np.float32)
    covariance = np.zeros((count, 3, 3), np.float32)
    bodies = Bodies(
        boxes, ones, turn, pose, betas, center, vertices, joints,
        project(joints, camera).astype(np.float32), np.ones((count, 24), np.float32), covariance,
        "benchmark", body.name,
    )  # fmt: skip
    ids = np.arange(1, count + 1, dtype=np.uint32)
    states = np.full(count, TrackState.CONFIRMED, np.uint8)
    people = People(
        ids, ids, states, np.zeros(count, np.int64), ones, bodies,
        np.zeros((count, 3), np.float32), covariance, covariance,
    )  # fmt: skip
    return people, camera


def median_ms(task, repeats: int) -> dict[str, float]:
    """Wall time, and the time this thread computed: what the wall would be on an idle machine."""
    task()
    wall, computing = np.empty(repeats), np.empty(repeats)
    for i in range(repeats):
        wall_start, start = time.perf_counter(), time.thread_time()
        task()
        wall[i], computing[i] = time.perf_counter() - wall_start, time.thread_time() - start
    return {
        "wall_ms": round(1e3 * float(np.median(wall)), 2),
        "computing_ms": round(1e3 * float(np.median(computing)), 2),
    }


def measure(body, count: int, width: int, height: int, repeats: int) -> dict:
    people, camera = make_scene(body, count, width, height)
    vertices, faces = people.bodies.vertices_cam, body.faces
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    zbuffer = render(vertices, faces, camera)
    return {
        "people": count,
        "width": width,
        "height": height,
        "covered": round(float((zbuffer.ids >= 0).mean()), 3),
        "z_buffer": median_ms(lambda: render(vertices, faces, camera), repeats),
        "visibility": median_ms(
            lambda: visible_vertices(vertices, faces, camera, zbuffer), repeats
        ),
        "overlay": median_ms(lambda: draw_overlay(image, people, faces, camera), repeats),
    }


def first_call_seconds() -> dict[str, float]:
    """Warm-up in a process with an empty kernel cache, and in the one after it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-c", WARM_UP]
        seconds = [
            float(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
            for _ in range(2)
        ]
    return {"compile_s": round(seconds[0], 2), "load_s": round(seconds[1], 2)}


def processor_name() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--body", type=Path, help="body file; without it the embedded one")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--json", type=Path, help="write the results here as well")
    arguments = parser.parse_args()

    body = load_body(arguments.body)
    warm_up()
    rows = []
    print("median ms, wall (computing)")
    print("people  image      covered  z-buffer      visibility    overlay")
    for scene in SCENES:
        row = measure(body, *scene, arguments.repeats)
        rows.append(row)
        size = f"{row['width']}x{row['height']}"
        times = (row[task] for task in ("z_buffer", "visibility", "overlay"))
        cells = (f"{t['wall_ms']:5.1f} ({t['computing_ms']:.1f})" for t in times)
        print(f"{row['people']:6}  {size:9}  {row['covered']:7.1%}", *(f"{c:12}" for c in cells))
    first = first_call_seconds()
    print(f"warm-up: compiling {first['compile_s']} s, from the cache {first['load_s']} s")
    if arguments.json:
        report = {
            "cpu": processor_name(),
            "cores": os.cpu_count(),
            "threads_used": 1,
            "load_average": round(os.getloadavg()[0], 1),
            "repeats": arguments.repeats,
            "scenes": rows,
            "warm_up": first,
        }
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

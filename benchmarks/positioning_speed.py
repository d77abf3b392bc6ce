"""What does it cost to place people?

    python benchmarks/positioning_speed.py [--people 1 5 20 50] [--rounds 50]

The embedded body's full mesh, 1280x720; median and 95th percentile of milliseconds a frame, with
the ground learned, with the ground given, and with depth as well.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from humans4d_core.body import load_body
from humans4d_core.geometry import project
from humans4d_core.mesh.z_buffer import render
from humans4d_core.positioning import Positioning
from humans4d_core.recovery.pelvis_uncertainty import pelvis_covariance
from humans4d_core.types import Bodies, Camera, Frame, Pose

CAMERA = Camera.from_fov(1280, 720, 1.2)
#: 1.3 m over the ground, looking level.
GROUND = Pose(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([0.0, 0, 1.3]))


def standing(body, people: int) -> Bodies:
    """People at rest before the camera, on the ground."""
    upright = np.tile(np.diag([-1.0, -1, 1]), (people, 1, 1))  # SMPL's y up to y down
    pose = np.tile(np.eye(3), (people, 23, 1, 1))
    vertices, joints = body(upright, pose, np.zeros((people, 10)))
    place = np.zeros((people, 3), np.float32)
    place[:, 2] = 4 + np.arange(people) % 7
    place[:, 0] = (np.linspace(-0.4, 0.4, people) if people > 1 else 0) * place[:, 2]
    place[:, 1] = GROUND.translation[2] - vertices[..., 1].max(1)
    vertices, joints = vertices + place[:, None], joints + place[:, None]
    pixels = project(vertices, CAMERA)
    arrays = (
        np.concatenate((pixels.min(1), pixels.max(1)), 1), np.full(people, 0.9),
        upright, pose,
        np.zeros((people, 10)), place, vertices, joints, project(joints, CAMERA),
        np.full((people, 24), 0.9), pelvis_covariance(joints[:, 1:3].mean(1)),
    )  # fmt: skip
    return Bodies(*(np.array(a, np.float32) for a in arrays), "standing", body.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[1, 5, 20, 50])
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    body = load_body()
    image = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    print("people  ground     median ms   p95 ms")
    for people in arguments.people:
        bodies = standing(body, people)
        depth = render(bodies.vertices_cam, body.faces, CAMERA).depth
        depth = np.where(np.isfinite(depth), depth, 0).astype(np.float32)
        for name, ground, depth_m in (
            ("learned", None, None), ("given", GROUND, None), ("and depth", GROUND, depth),
        ):  # fmt: skip
            positioning, times = Positioning(body), []
            for k in range(arguments.rounds + 5):
                frame = Frame(
                    image, k * 100_000_000, CAMERA, ground_from_camera=ground, depth_m=depth_m
                )
                start = time.perf_counter()
                positioning.place(frame, bodies)
                times.append(1e3 * (time.perf_counter() - start))
            print(
                f"{people:6d}  {name:9s} {np.median(times[5:]):10.2f} "
                f"{np.percentile(times[5:], 95):8.2f}"
            )


if __name__ == "__main__":
    main()

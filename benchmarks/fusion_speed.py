"""What fusing the lists of several cameras costs, stage by stage: ./run exec python
benchmarks/fusion_speed.py [--cameras 4] [--people 20] [--vertices]

Each camera sees everybody. Read: a message's bytes -> people in the common frame, one camera's.
Fuse: all cameras' people -> one list. Write: the list -> a message. Added: from the arrival of the
last camera's message to a message that can be published. Medians and 95th percentiles, ms.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.outputs.people_messages import people_to_message
from rclpy.serialization import deserialize_message, serialize_message

from humans4d_core.body import BodyModel, load_body
from humans4d_core.fusion import PeopleFusion, with_mesh
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import Bodies, People, Pose, TrackState

LISTS = 100


def standing(places: np.ndarray, camera: np.ndarray, body: BodyModel, vertices: bool) -> People:
    """People at places (N, 3) m, as a camera knows them."""
    n = len(places)
    orient = np.tile(np.float32([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), (n, 1, 1))
    pose = np.tile(np.eye(3, dtype=np.float32), (n, 23, 1, 1))
    betas = np.zeros((n, 10), np.float32)
    posed = body(orient, pose, betas)
    shift = (places - posed.joints[:, 1:3].mean(1)).astype(np.float32)
    ray = places - camera
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    covariance = (0.01 * np.eye(3) + 0.15 * ray[:, :, None] * ray[:, None]).astype(np.float32)
    some = np.zeros((n, 4), np.float32)
    bodies = Bodies(
        some, np.full(n, 0.9, np.float32), orient, pose, betas, shift,
        (posed.vertices + shift[:, None])[:, : posed.vertices.shape[1] * vertices],
        posed.joints + shift[:, None], np.zeros((n, 24, 2), np.float32),
        np.full((n, 24), 0.7, np.float32), covariance, "landmarks", "anny",
        np.ones(n, np.float32),
    )  # fmt: skip
    ids = np.arange(1, n + 1, dtype=np.uint32)
    return People(
        ids, ids, np.full(n, TrackState.CONFIRMED, np.uint8), np.full(n, 10**9), some[:, 0] + 0.9,
        bodies, np.zeros((n, 3), np.float32), covariance, np.tile(0.04 * np.eye(3), (n, 1, 1)),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--vertices", action="store_true", help="meshes in and out")
    options = parser.parse_args()
    rng, body, fusion = np.random.default_rng(0), load_body(), PeopleFusion()
    side = int(np.ceil(np.sqrt(options.people)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    grid = grid[: options.people] * 1.5 + 3.0
    angles = np.arange(options.cameras) * 2 * np.pi / options.cameras
    cameras = np.column_stack(
        (6 + 8 * np.cos(angles), 6 + 8 * np.sin(angles), np.ones_like(angles))
    )
    times: dict[str, list[float]] = {"read": [], "fuse": [], "write": [], "added": []}
    here = Pose(np.eye(3), np.zeros(3))
    for number in range(LISTS):
        stamp_ns = 10**9 + number * 10**8
        messages = []
        for camera in cameras:
            places = np.column_stack((grid, np.ones(len(grid)))) + rng.normal(
                0, 0.1, (len(grid), 3)
            )
            people = standing(places, camera, body, options.vertices)
            message = people_to_message(people, stamp_ns=stamp_ns, frame_id="odom")
            messages.append(serialize_message(message))
        for index, serialized in enumerate(messages):
            start = time.perf_counter()
            told = message_to_people(deserialize_message(serialized, TrackedPeople))
            fusion.take(index, people_in_coordinate_frame(told, here), stamp_ns, cameras[index])
            times["read"].append(time.perf_counter() - start)
        middle = time.perf_counter()
        people = fusion.people(stamp_ns)
        times["fuse"].append(time.perf_counter() - middle)
        middle = time.perf_counter()
        assert people is not None
        fused = with_mesh(people, body) if options.vertices else people
        people_to_message(fused, stamp_ns=stamp_ns, frame_id="odom")
        end = time.perf_counter()
        times["write"].append(end - middle)
        times["added"].append(end - start)
    print(f"{options.cameras} cameras, {options.people} people, {len(people)} in the last list")
    for name, seconds in times.items():
        median, most = 1e3 * np.percentile(seconds, (50, 95))
        print(f"{name:6} {median:6.2f} {most:6.2f}")


if __name__ == "__main__":
    main()

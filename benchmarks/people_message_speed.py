"""What does it cost to say who is there? Build and publish TrackedPeople over DDS.

    ./run exec python benchmarks/people_message_speed.py [--people 5] [--rounds 300]

A listener in another process takes every message. Prints the median and the 95th percentile, and
writes benchmarks/results/people_message_speed.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from pathlib import Path

import numpy as np
from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.process.ros_session import ros_node, use_large_message_profile
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from scipy.spatial.transform import Rotation

from humans4d_core.types import Bodies, People

RESULTS = Path(__file__).parent / "results/people_message_speed.json"
TOPIC = "/people_message_speed"
#: Goal for 5 people of 6890 vertices (ms), built and published.
GOAL = 1.5


def crowd(people: int, num_vertices: int) -> People:
    """People of random numbers: only their amount matters."""
    random = np.random.default_rng(0)

    def normal(*shape):
        return random.normal(size=(people, *shape)).astype(np.float32)

    rotations = Rotation.random(people * 24, random_state=0).as_matrix()
    rotations = rotations.astype(np.float32).reshape(people, 24, 3, 3)
    ids = np.arange(1, people + 1, dtype=np.uint32)
    bodies = Bodies(
        normal(4), normal(), rotations[:, 0], rotations[:, 1:], normal(10), normal(3),
        normal(num_vertices, 3), normal(24, 3), normal(24, 2), normal(24), normal(3, 3),
        "landmarks", "anny",
    )  # fmt: skip
    return People(
        ids, ids, np.full(people, 2, np.uint8), np.full(people, 10**18), normal(), bodies,
        normal(3), normal(3, 3), normal(3, 3),
    )  # fmt: skip


def listen(ready, stop, count) -> None:
    """Take every message until told to stop."""
    with ros_node("listener") as node:

        def take(_):
            count.value += 1

        node.create_subscription(TrackedPeople, TOPIC, take, QoSProfile(depth=50))
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        ready.set()
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.2)


def measure(people: People, rounds: int, with_vertices: bool) -> dict[str, list[float]]:
    """Milliseconds to build and to publish, one of each a round."""
    times = {"build": [], "publish": []}
    with ros_node("speaker") as node:
        publisher = node.create_publisher(TrackedPeople, TOPIC, QoSProfile(depth=5))
        deadline = time.monotonic() + 20
        while not publisher.get_subscription_count():
            if time.monotonic() > deadline:
                raise SystemExit("the listener was not found within 20 s")
            time.sleep(0.05)
        for number in range(rounds + 20):
            start = time.perf_counter()
            message = people_to_message(
                people, stamp_ns=number, frame_id="camera", with_vertices=with_vertices
            )
            built = time.perf_counter()
            publisher.publish(message)
            published = time.perf_counter()
            if number >= 20:
                times["build"].append(1e3 * (built - start))
                times["publish"].append(1e3 * (published - built))
            time.sleep(0.02)  # 50 images a second
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--vertices", type=int, default=6890)
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    use_large_message_profile()
    processes = multiprocessing.get_context("spawn")
    people = crowd(arguments.people, arguments.vertices)
    results = {}
    for name, with_vertices in (("with vertices", True), ("without vertices", False)):
        ready, stop, count = processes.Event(), processes.Event(), processes.Value("i", 0)
        listener = processes.Process(target=listen, args=(ready, stop, count))
        listener.start()
        ready.wait(60)
        times = measure(people, arguments.rounds, with_vertices)
        stop.set()
        listener.join()
        both = np.add(times["build"], times["publish"])
        results[name] = {
            "build_p50_ms": round(float(np.median(times["build"])), 3),
            "publish_p50_ms": round(float(np.median(times["publish"])), 3),
            "both_p50_ms": round(float(np.median(both)), 3),
            "both_p95_ms": round(float(np.percentile(both, 95)), 3),
            "taken": f"{count.value} of {arguments.rounds + 20}",
        }
        print(f"{arguments.people} people, {name}: {results[name]}")
    record = {
        "people": arguments.people,
        "vertices": arguments.vertices,
        "rounds": arguments.rounds,
        "goal_both_p50_ms": GOAL,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "results": results,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()

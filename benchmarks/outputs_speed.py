"""What does each output of the node cost? Milliseconds to make it, ready to be sent.

    ./run exec python benchmarks/outputs_speed.py [--people 5] [--rounds 200]

Bodies of the embedded model, random poses, a target frame. Also times the mesh markers as rclpy's
objects, of which one person is enough. Writes benchmarks/results/outputs_speed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
from geometry_msgs.msg import Point
from humans4d_ros.outputs.markers import MeshMarkers, SkeletonMarkers
from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.outputs.scene import Scene
from humans4d_ros.outputs.surface_points import surface_cloud
from humans4d_ros.tf.body_transforms import transforms
from people_message_speed import crowd
from rclpy.serialization import serialize_message
from scipy.spatial.transform import Rotation
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.body import load_body
from humans4d_core.types import Camera, Frame, Pose

RESULTS = Path(__file__).parent / "results/outputs_speed.json"
#: Goal for the mesh markers of 5 people (ms).
GOAL = 3.0


def mesh_as_objects(scene: Scene, faces: np.ndarray) -> bytes:
    """The mesh marker of the first person by rclpy alone."""
    corners = scene.believed.bodies.vertices_cam[0][faces.reshape(-1)].tolist()
    marker = Marker(type=Marker.TRIANGLE_LIST, points=[Point(x=x, y=y, z=z) for x, y, z in corners])
    return serialize_message(MarkerArray(markers=[marker]))


def median_ms(make, rounds: int) -> float:
    times = []
    for number in range(rounds + 5):
        start = time.perf_counter()
        make()
        if number >= 5:
            times.append(1e3 * (time.perf_counter() - start))
    return round(float(np.median(times)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    body = load_body()
    people = crowd(arguments.people, body.num_vertices)
    camera = Camera(500.0, 500.0, 320.0, 240.0, 640, 480)
    pose = Pose(Rotation.random(random_state=0).as_matrix(), [1, 2, 3])
    image = np.zeros((480, 640, 3), np.uint8)
    frame = Frame(image, 10**18, camera, "camera", fixed_from_camera=pose)

    def scene() -> Scene:
        return Scene(people, frame, "odom")

    placed = scene()
    assert len(placed.believed) == arguments.people
    meshes, skeletons = MeshMarkers(body.faces), SkeletonMarkers()
    makes = {
        "people moved to the target frame": lambda: scene().believed,
        "TrackedPeople": lambda: serialize_message(
            people_to_message(placed.people, stamp_ns=10**18, frame_id="odom")
        ),
        "mesh markers": lambda: meshes.update(placed, 1),
        "skeleton and label markers": lambda: skeletons.update(placed, 1),
        "surface": lambda: serialize_message(surface_cloud(placed)),
        "transforms": lambda: transforms(placed),
        "transforms with joints": lambda: transforms(placed, with_joints=True),
    }
    results = {name: median_ms(make, arguments.rounds) for name, make in makes.items()}
    results["mesh marker of one person by rclpy"] = median_ms(
        lambda: mesh_as_objects(placed, body.faces), max(arguments.rounds // 40, 3)
    )
    for name, milliseconds in results.items():
        print(f"{milliseconds:8.3f} ms  {name}")
    record = {
        "people": arguments.people,
        "vertices": body.num_vertices,
        "rounds": arguments.rounds,
        "goal_mesh_markers_ms": GOAL,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "median_ms": results,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()

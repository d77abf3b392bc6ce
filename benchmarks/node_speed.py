"""Does the node keep up? A camera at a fixed rate, the node as a process of its own, over DDS.

    ./run exec python benchmarks/node_speed.py VIDEO [--seconds 600] [--rate 10]
        [--first 12 --count 9] [--size 640x480] [--detector movenet] [--all-outputs]
        [--result node_speed]

Images FIRST to FIRST + COUNT of the video, cut to SIZE around their middle, are shown forth and
back so that people move as people do. Each image carries the wall clock as its stamp; latency is
from there to the arrival of its people in this process. Prints what arrived every ten seconds and
writes benchmarks/results/RESULT.json. Whether memory stays flat at full load, with every output
listened to: --seconds 600 --rate 60 --all-outputs --result node_full_load.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from array import array
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from humans4d_msgs.msg import PeopleForecast, TrackedPeople
from humans4d_ros.process.ros_session import ros_node
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

RESULTS = Path(__file__).parent / "results"
#: Of the node, besides its people.
OUTPUTS = {
    "/tf": TFMessage,
    "/humans4d_speed/humans4d/forecasts": PeopleForecast,
    "/humans4d_speed/humans4d/markers": MarkerArray,
    "/humans4d_speed/humans4d/mesh_markers": MarkerArray,
    "/humans4d_speed/humans4d/surface": PointCloud2,
    "/humans4d_speed/humans4d/overlay": Image,
}


def images_of(path: str, first: int, count: int, width: int, height: int) -> list[bytes]:
    """Pixels (BGR) of the images, cut around their middle."""
    capture = cv2.VideoCapture(path)
    images = []
    for number in range(first + count):
        read, image = capture.read()
        if not read:
            raise SystemExit(f"{path} has no image {number}")
        if number >= first:
            top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
            if top < 0 or left < 0:
                raise SystemExit(f"{path} is smaller than {width}x{height}")
            images.append(image[top : top + height, left : left + width].tobytes())
    return images


def resident_megabytes(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--first", type=int, default=12)
    parser.add_argument("--count", type=int, default=9)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--detector", default="movenet")
    parser.add_argument("--deadline", type=float, default=0.0, help="s from stamp to publication")
    parser.add_argument("--all-outputs", action="store_true", help="listen to all of them")
    parser.add_argument("--result", default="node_speed", help="name of the file of figures")
    arguments = parser.parse_args()
    width, height = (int(n) for n in arguments.size.split("x"))
    images = images_of(arguments.video, arguments.first, arguments.count, width, height)
    forth_and_back = cycle(images + images[-2:0:-1])

    arrivals: list[tuple[float, float, int, float]] = []  # time, latency, people, node seconds
    with ros_node("node_speed") as node:
        publisher = node.create_publisher(Image, "/humans4d_speed/image", qos_profile_sensor_data)

        def arrived(message: TrackedPeople) -> None:
            now = time.time()
            stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            arrivals.append((now, now - stamp, len(message.people), message.node_seconds))

        node.create_subscription(
            TrackedPeople, "/humans4d_speed/humans4d/people", arrived, QoSProfile(depth=5)
        )
        for topic, kind in OUTPUTS.items() if arguments.all_outputs else ():
            # As bytes: what arrives here is nobody's business.
            node.create_subscription(kind, topic, lambda _: None, QoSProfile(depth=1), raw=True)
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        stop = threading.Event()

        def spin() -> None:
            while not stop.is_set():
                executor.spin_once(timeout_sec=0.1)

        listener = threading.Thread(target=spin)
        listener.start()
        command = [
            sys.executable, "-m", "humans4d_ros.node", "--ros-args",
            "-r", "__ns:=/humans4d_speed", "-p", "horizontal_fov:=0.53",
            "-p", f"detector:={arguments.detector}", "-p", f"deadline:={arguments.deadline}",
            "--log-level", "warn",
        ]  # fmt: skip
        process = subprocess.Popen(command)
        try:
            deadline = time.monotonic() + 120
            while not publisher.get_subscription_count():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the node did not start within 120 s")
                time.sleep(0.1)
            sent, memory = 0, []
            start = time.monotonic()
            print("seconds  sent  people messages  people  latency p50  p95 (ms)  memory (MB)")
            while (elapsed := time.monotonic() - start) < arguments.seconds:
                wait = start + sent / arguments.rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                message = Image(width=width, height=height, encoding="bgr8", step=3 * width)
                message.data = array("B", next(forth_and_back))
                message.header.frame_id = "camera"
                stamp = time.time_ns()
                message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
                publisher.publish(message)
                sent += 1
                if sent % round(10 * arguments.rate) == 0:
                    memory.append(resident_megabytes(process.pid))
                    last = np.array([a[1:3] for a in arrivals[-round(10 * arguments.rate) :]])
                    p50, p95 = np.percentile(last[:, 0], (50, 95)) * 1e3
                    print(
                        f"{elapsed:7.0f} {sent:5d} {len(arrivals):16d} {last[:, 1].mean():7.1f} "
                        f"{p50:12.0f} {p95:9.0f} {memory[-1]:12.0f}",
                        flush=True,
                    )
            time.sleep(1)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            stop.set()
            listener.join()
    table = np.array(arrivals)
    seconds = table[-1, 0] - table[0, 0]
    result = {
        "machine": f"{cpu_name()}, {os.cpu_count()} cores",
        "size": arguments.size,
        "detector": arguments.detector,
        "all_outputs": arguments.all_outputs,
        "rate_sent_hz": arguments.rate,
        "seconds": round(seconds, 1),
        "images_sent": sent,
        "people_messages": len(arrivals),
        "people_mean": round(float(table[:, 2].mean()), 2),
        "rate_hz": round((len(arrivals) - 1) / seconds, 2),
        "latency_ms": {
            f"p{q}": round(float(np.percentile(table[:, 1], q)) * 1e3, 1) for q in (50, 95)
        },
        "node_ms_p50": round(float(np.median(table[:, 3])) * 1e3, 1),
        "memory_mb": {
            "after_10_s": round(memory[0], 1) if memory else None,
            "at_half": round(memory[len(memory) // 2], 1) if memory else None,
            "at_end": round(memory[-1], 1) if memory else None,
        },
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{arguments.result}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

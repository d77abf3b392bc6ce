"""Listens to all that the node publishes and writes down which invariants it breaks.

    python listener.py RESULT.json [--displays] [--seconds 6]

Ends at SIGTERM, or after --seconds. --displays: meshes, point cloud and overlay as well, which the
node makes only for who listens.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import threading
import time
from collections import Counter, deque
from pathlib import Path

import display_invariants as displays
import invariants
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from histories import MarkerHistory, PeopleHistory, TransformHistory
from humans4d_msgs.msg import BodyModel, PeopleForecast, TrackedPeople
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

#: s between two versions of the result.
PERIOD = 2.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Findings:
    """How often each invariant was broken, with the first example of each."""

    def __init__(self):
        self.messages: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.people = PeopleHistory()
        self.transforms = TransformHistory()
        self.markers = {"markers": MarkerHistory(), "mesh_markers": MarkerHistory()}
        self.diagnostics: dict[str, str] = {}
        self.levels: Counter[str] = Counter()
        self.latencies: deque[float] = deque(maxlen=20_000)

    def look(self, topic: str, message) -> None:
        """Check a message of a topic (its last word)."""
        self.messages[topic] += 1
        for text in self._wrong(topic, message):
            kind = f"{topic}: {_without_numbers(text)}"
            self.broken[kind] += 1
            self.examples.setdefault(kind, text)

    def unreadable(self, topic: str) -> None:
        """Bytes that are no message: wrong where only the node publishes."""
        self.messages[f"{topic}, unreadable"] += 1
        if topic not in ("tf", "diagnostics"):
            self.broken[f"{topic}: unreadable"] += 1
            self.examples[f"{topic}: unreadable"] = f"bytes on {topic} that are no message"

    def _wrong(self, topic: str, message) -> list[str]:
        if topic == "people":
            if not math.isnan(message.latency_seconds):
                self.latencies.append(message.latency_seconds)
            return invariants.wrong_with_people(message) + self.people.update(message)
        if topic == "forecasts":
            return invariants.wrong_with_forecasts(message)
        if topic == "body_model":
            self.people.body_model(message.num_vertices)
            return invariants.wrong_with_body_model(message)
        if topic == "tf":
            names = {t.child_frame_id for t in message.transforms}
            if not any(name.startswith("body_") for name in names):
                return []  # another node's
            return displays.wrong_with_transforms(message) + self.transforms.update(message)
        if topic in self.markers:
            return displays.wrong_with_markers(message) + self.markers[topic].update(message)
        if topic == "surface":
            return displays.wrong_with_cloud(message)
        if topic == "overlay":
            return displays.wrong_with_image(message)
        for status in message.status:
            if status.name.endswith("people"):
                self.diagnostics = {value.key: value.value for value in status.values}
                level = status.level[0] if isinstance(status.level, bytes) else status.level
                self.levels[f"{level} {_without_numbers(status.message)}"] += 1
        return displays.wrong_with_diagnostics(message)

    def result(self) -> dict:
        latencies = sorted(self.latencies)
        last = len(latencies) - 1
        return {
            "messages": dict(self.messages),
            "broken": dict(self.broken.most_common()),
            "examples": self.examples,
            "alive": sorted(self.people.alive),
            "shown": sorted({f"{ns} {i}" for m in self.markers.values() for ns, i in m.shown}),
            "latency_seconds": [latencies[int(q * last)] for q in (0.5, 0.95) if latencies],
            "diagnostics": self.diagnostics,
            "levels": dict(self.levels.most_common(20)),
        }


def _without_numbers(text: str) -> str:
    """What is said, whatever of."""
    return re.sub(r"[-\d.,]*\d(e[-+]?\d+)?", "#", text)[:120]


def listen(result: Path, with_displays: bool, seconds: float, stop: threading.Event) -> None:
    findings = Findings()
    waiting: deque[tuple[str, type, bytes]] = deque()
    arrived = threading.Event()
    context = rclpy.Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(f"fault_listener_{os.getpid()}", context=context)

    def subscribe(kind: type, topic: str, qos=100) -> None:
        def keep(data: bytes) -> None:
            waiting.append((topic.rpartition("/")[2], kind, data))
            arrived.set()

        # As bytes: a listener that is busy with one message would lose those behind it.
        node.create_subscription(kind, topic, keep, qos, raw=True)

    subscribe(TrackedPeople, "/humans4d/people")
    subscribe(PeopleForecast, "/humans4d/forecasts")
    subscribe(BodyModel, "/humans4d/body_model", LATCHED)
    subscribe(TFMessage, "/tf")
    subscribe(MarkerArray, "/humans4d/markers")
    subscribe(DiagnosticArray, "/diagnostics")
    if with_displays:
        subscribe(MarkerArray, "/humans4d/mesh_markers", 5)
        subscribe(PointCloud2, "/humans4d/surface", 5)
        subscribe(Image, "/humans4d/overlay", 5)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def spin() -> None:
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.2)

    spinner = threading.Thread(target=spin)
    spinner.start()
    end, due = time.monotonic() + seconds, 0.0
    while not (stop.is_set() or time.monotonic() > end) or waiting:
        if time.monotonic() > due:
            _write(result, findings.result())
            due = time.monotonic() + PERIOD
        arrived.wait(0.2)
        arrived.clear()
        while waiting:
            topic, kind, data = waiting.popleft()
            try:
                message = deserialize_message(data, kind)
            except Exception:  # rclpy's kinds; on /tf and /diagnostics others publish too
                findings.unreadable(topic)
                continue
            findings.look(topic, message)
    stop.set()
    spinner.join()
    _write(result, findings.result())
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


def _write(path: Path, result: dict) -> None:
    """As a whole or not at all: somebody may read it meanwhile."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result))
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=Path)
    parser.add_argument("--displays", action="store_true")
    parser.add_argument("--seconds", type=float, default=math.inf)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    listen(arguments.result, arguments.displays, arguments.seconds, stop)


if __name__ == "__main__":
    main()

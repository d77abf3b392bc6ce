"""One replay of a bag into a node of its own, looked at from outside."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from humans4d_msgs.msg import TrackedPeople
from rclpy.qos import QoSProfile

from humans4d_core.errors import Humans4dError
from humans4d_core.io import BagSource, CameraChoice

from ...process.child_programs import last_words, program_of_ours
from ...process.guarded_executor import GuardedExecutor
from ...process.ros_session import ros_node
from ..bag_player import BagPlayer
from ..node_arguments import node_arguments_for
from .live_figures import Arrival, image_figures, latency_figures
from .process_use import gpu_use, look_at, peak_memory

NAMESPACE = "/humans4d_live"
READY_SECONDS = 300.0
#: s of standing idle, that the processor's baseline is of; of waiting for the last people.
IDLE_SECONDS, SETTLE_SECONDS = 2.0, 10.0
READY = "active: listening to"


def run_live(
    bag: Path,
    topic: str | None,
    fov_degrees: float | None,
    rate: float,
    seconds: float,
    node_arguments: list[str],
) -> dict:
    """Figures of playing the bag's first `seconds` at `rate` times its pace.

    Raises Humans4dError where the bag cannot be played or the node does not run.
    """
    with BagSource(bag, CameraChoice(fov_degrees), topic) as images:
        image_topic, arguments = images.topic, ["--ros-args", "-r", f"__ns:={NAMESPACE}"]
        arguments += [*node_arguments_for(images), *node_arguments]
        if fov_degrees is not None:
            arguments += ["-p", f"horizontal_fov:={math.radians(fov_degrees)}"]
        topics = [t for t in (images.topic, images.camera_info_topic) if t is not None]
    with (
        tempfile.TemporaryDirectory(prefix="humans4d_live_") as folder,
        ros_node("humans4d_live") as ros,
        BagPlayer(ros, bag, topics, rate=rate, restamp=True) as player,
        _listening() as heard,
        program_of_ours("node", arguments, Path(folder, "node.log")) as process,
    ):
        log = Path(folder, "node.log")
        _wait_until_ready(process, log)
        idle = look_at(process.pid)
        time.sleep(IDLE_SECONDS)
        before = look_at(process.pid)
        stop = threading.Event()
        player.wait_for_subscribers(topics, READY_SECONDS, stop)
        player.play(stop, seconds)
        after = look_at(process.pid)
        gpu = gpu_use()
        sent = player.played[image_topic]
        counts = heard.settled(sent)
        if process.poll() is not None:
            raise Humans4dError(f"the node ended during the replay: {last_words(log)}")
        figures = image_figures(sent, counts)
        return {
            "rate": rate,
            "seconds": round(after.at - before.at, 2),
            "player_late_ms_at_worst": round(1e3 * player.latest_seconds, 2),
            "images": figures,
            **latency_figures(heard.arrivals),
            "cpu_cores": round(after.cores_since(before), 3),
            "cpu_cores_idle": round(before.cores_since(idle), 3),
            "memory_mb_peak": round(peak_memory(process.pid), 1),
            "gpu": gpu,
        }


class _Heard:
    """What the node has said."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.counts: dict[str, str] = {}

    def take_people(self, message: TrackedPeople) -> None:
        if math.isnan(message.node_seconds):
            return  # of no image: everybody is said to be LOST after a silence
        self.arrivals.append(
            Arrival(
                time.monotonic(),
                message.latency_seconds,
                message.node_seconds,
                len(message.people),
            )
        )

    def take_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if "images_received" in values:
                self.counts = values

    def settled(self, sent: int) -> dict[str, str]:
        """The node's counts once it has nothing in hand any more."""
        end, last = time.monotonic() + SETTLE_SECONDS, None
        while time.monotonic() < end:
            time.sleep(1.2)  # diagnostics come once a second
            now = (len(self.arrivals), self.counts.get("images_processed"))
            if now == last and self.counts.get("images_processed") == str(len(self.arrivals)):
                break
            last = now
        return self.counts


@contextmanager
def _listening() -> Iterator[_Heard]:
    """People and diagnostics, in a thread of its own and a node of its own."""
    heard = _Heard()
    with ros_node("humans4d_live_listener") as node:
        node.create_subscription(
            TrackedPeople, f"{NAMESPACE}/humans4d/people", heard.take_people, QoSProfile(depth=50)
        )
        node.create_subscription(DiagnosticArray, "/diagnostics", heard.take_diagnostics, 10)
        executor = GuardedExecutor(
            lambda what, error: node.get_logger().warning(f"{what}: {error}"), context=node.context
        )
        executor.add_node(node)
        spinner = threading.Thread(target=executor.spin, name="listener")
        spinner.start()
        try:
            yield heard
        finally:
            executor.shutdown()
            spinner.join()


def _wait_until_ready(process, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while READY not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > end:
            raise Humans4dError(f"the node was not ready: {last_words(log)}")
        time.sleep(0.1)

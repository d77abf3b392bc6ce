"""Recording beside a replay: a recorder that spins by itself, and the wait for what comes last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..process.guarded_executor import GuardedExecutor
from ..process.ros_session import ros_node
from .bag_recorder import BagRecorder, unless_writing

#: For the last image's people to arrive.
SETTLE_SECONDS = 10.0


@contextmanager
def recording(
    node_name: str,
    bag: Path,
    topics: Collection[str],
    log_time: Callable[[int | None], int] | None = None,
) -> Iterator[BagRecorder]:
    """A BagRecorder in a thread of its own, on a node of its own; closed at the end."""
    with ros_node(node_name) as node:
        recorder = BagRecorder(node, bag, topics, log_time=log_time)
        executor = GuardedExecutor(unless_writing(node), context=node.context)
        executor.add_node(node)
        spinner = threading.Thread(target=executor.spin, name="recorder")
        spinner.start()
        try:
            yield recorder
        finally:
            executor.shutdown()
            spinner.join()
            recorder.close()


def settle(frames: int, recorder: BagRecorder, topic: str, stop: threading.Event) -> None:
    """Wait for what the node still has in hand; images that it dropped never come."""
    end = time.monotonic() + SETTLE_SECONDS
    count, changed = recorder.counts[topic], time.monotonic()
    while count < frames and time.monotonic() < min(end, changed + 2.0) and not stop.wait(0.05):
        if recorder.counts[topic] != count:
            count, changed = recorder.counts[topic], time.monotonic()

"""Spins nodes in a thread of its own, for a main thread that waits for signals."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rclpy.executors import ExternalShutdownException
from rclpy.task import Future

from .guarded_executor import GuardedExecutor, OnError
from .signals import Stop


class Spinner:
    """It spins from the start until `end`. The nodes are still there afterwards."""

    def __init__(self, nodes: Sequence, on_error: OnError, stop: Stop):
        """`on_error` is told what callbacks raise. What ends the spinning from inside is in
        `failures`, and sets `stop`."""
        self.failures: list[Exception] = []
        self._stop = stop
        self._executor = GuardedExecutor(on_error)
        for node in nodes:
            self._executor.add_node(node)
        # Ends the spinning without executor.shutdown(), which takes the executor's means of being
        # woken away while it may be about to wait.
        self._finished = Future()
        self._thread = threading.Thread(target=self._spin, name="humans4d_executor", daemon=True)
        self._thread.start()

    def end(self, patience: float | None = None) -> bool:
        """Whether the callback at hand came to its end within `patience` seconds; None: wait."""
        self._finished.set_result(None)
        self._executor.wake()
        self._thread.join(patience)
        if self._thread.is_alive():
            return False
        self._executor.shutdown()
        return True

    def _spin(self) -> None:
        try:
            self._executor.spin_until_future_complete(self._finished)
        except ExternalShutdownException:
            self._stop.set()
        except Exception as error:
            self.failures.append(error)
            self._stop.set()

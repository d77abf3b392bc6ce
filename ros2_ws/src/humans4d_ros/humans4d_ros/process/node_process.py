"""One lifecycle node as a process: spun in a thread of its own until a signal ends it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import rclpy
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.logging import LoggingSeverity
from rclpy.signals import SignalHandlerOptions

from ..inputs.refusals import explained
from . import signals
from .ros_arguments import start_rclpy, without_effect
from .ros_session import use_large_message_profile
from .shared_memory import SharedMemoryRecord
from .spinner import Spinner

#: Seconds that a node which is still loading its models has after a signal: nothing can interrupt
#: them, and who sent it sends SIGKILL next.
LOADING_PATIENCE = 3.0


def run_node(create: Callable[[], LifecycleNode], name: str, args: list[str] | None = None) -> int:
    """Run the node that `create` makes until SIGINT or SIGTERM; where its parameter `autostart`
    is true it is configured and activated first.

    What its callbacks raise goes to its method `callback_failed(where, error)`. Returns the exit
    code. 1: it could not start or broke down. From then on signals are ignored: this is the end of
    a process.
    """
    stop = signals.stop_on_first()
    use_large_message_profile()
    record = None
    try:
        try:
            # rclpy's own handlers would shut the context down under the worker's feet.
            files = start_rclpy(args, SignalHandlerOptions.NO)
            node = create()
        except Exception as error:  # rclpy's many ways to say that a parameter is wrong
            rclpy.logging.get_logger(name).fatal(f"cannot start: {error}")
            return 1
        for note in without_effect(node, files):
            node.get_logger().warning(note)
        record = SharedMemoryRecord(node.get_logger().info)
        code, is_loading = _run(node, stop)
    finally:
        signals.ignore()
        rclpy.try_shutdown()
        if record is not None:
            record.close()
    if is_loading:  # in a thread that nothing else can end
        sys.stdout.flush()
        os._exit(code)
    return code


def _run(node: LifecycleNode, stop: signals.Stop) -> tuple[int, bool]:
    """The exit code, and whether a thread is still loading models."""
    spinner = Spinner([node], node.callback_failed, stop)
    start = _Start(node, stop)
    if start.wait():
        stop.wait()
    end = time.monotonic() + LOADING_PATIENCE
    is_at_rest = start.end(LOADING_PATIENCE) & spinner.end(max(end - time.monotonic(), 0.5))
    for error in spinner.failures:
        node.get_logger().fatal(explained(error))
    if is_at_rest:
        with suppress(RuntimeError):  # a lifecycle manager has shut it down already
            node.trigger_shutdown()
    else:
        node.get_logger().info("ends while its models are still loading")
        # Whoever loads them will find its publishers gone: that is no news.
        node.get_logger().set_level(LoggingSeverity.FATAL)
    node.destroy_node()
    return (1 if start.has_failed or spinner.failures else 0), not is_at_rest


class _Start:
    """Configures and activates where `autostart` says so.

    In a thread: Python handles signals in the main thread only, between two of its own steps.
    """

    def __init__(self, node: LifecycleNode, stop: signals.Stop):
        self._node = node
        self._stop = stop
        self.has_failed = False
        self._thread = threading.Thread(target=self._run, name="humans4d_start", daemon=True)
        if node.get_parameter("autostart").value:
            self._thread.start()

    def wait(self) -> bool:
        """Until it has started or a signal has come; False: it failed."""
        while self.is_alive and not self._stop.wait(0.05):
            pass
        return not self.has_failed

    def end(self, patience: float) -> bool:
        """Whether it is over within so many seconds."""
        if self.is_alive:
            self._thread.join(patience)
        return not self.is_alive

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        success = TransitionCallbackReturn.SUCCESS
        for step in (self._node.trigger_configure, self._node.trigger_activate):
            if not self._stop.is_set() and step() != success:
                self.has_failed = True
                return

"""One lifecycle node as a process: spun in a thread of its own until a signal ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from .refusals import explained


def run_node(create: Callable[[], LifecycleNode], name: str, args: list[str] | None = None) -> int:
    """Run the node that `create` makes until SIGINT or SIGTERM; where its parameter `autostart`
    is true it is configured and activated first.

    Returns the exit code. 1: it could not start or broke down.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # rclpy's own handlers would shut the context down under the worker's feet.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        try:
            node = create()
        except Exception as error:  # rclpy's many ways to say that a parameter is wrong
            rclpy.logging.get_logger(name).fatal(f"cannot start: {error}")
            return 1
        return _run(node, stop)
    finally:
        rclpy.try_shutdown()


def _run(node: LifecycleNode, stop: threading.Event) -> int:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    failures: list[Exception] = []
    # Ends the spinning without executor.shutdown(), which takes the executor's means of being woken
    # away while it may be about to wait.
    finished = Future()

    def spin() -> None:
        try:
            executor.spin_until_future_complete(finished)
        except Exception as error:
            failures.append(error)
            node.get_logger().fatal(explained(error))
            stop.set()

    # Signals reach Python's main thread only, and only while it is not inside rcl.
    spinner = threading.Thread(target=spin, name=f"{node.get_name()}_executor")
    spinner.start()
    success = TransitionCallbackReturn.SUCCESS
    started = True
    if node.get_parameter("autostart").value:
        started = node.trigger_configure() == success
        if started and not stop.is_set():
            started = node.trigger_activate() == success
    if started:
        stop.wait()
    finished.set_result(None)
    spinner.join()
    executor.shutdown()
    with suppress(RuntimeError):  # a lifecycle manager has shut it down already
        node.trigger_shutdown()
    node.destroy_node()
    return 0 if started and not failures else 1

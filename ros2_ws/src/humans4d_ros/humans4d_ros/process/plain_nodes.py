"""Nodes without a life cycle as a process: spun in a thread of their own until a signal ends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from ..inputs.refusals import explained
from . import signals
from .guarded_executor import CallbackLog
from .ros_arguments import start_rclpy, without_effect
from .ros_session import use_large_message_profile
from .shared_memory import SharedMemoryRecord
from .spinner import Spinner


def run_nodes(
    create: Callable[[list[str]], Sequence[Node]], name: str, args: list[str] | None = None
) -> int:
    """Run the nodes that `create` makes of the words that are not ROS's, until SIGINT or SIGTERM.

    Returns the exit code. 1: what was asked for cannot run here. From then on signals are ignored:
    this is the end of a process.
    """
    args = sys.argv if args is None else args
    stop = signals.stop_on_first()
    use_large_message_profile()
    logger = rclpy.logging.get_logger(name)
    nodes: list[Node] = []
    record = None
    try:
        try:
            files = start_rclpy(args, SignalHandlerOptions.NO)
            nodes += create(remove_ros_args(args)[1:])
        except Exception as error:  # rclpy's many ways to say that a parameter is wrong
            logger.fatal(f"cannot start: {error}")
            return 1
        for node in nodes:
            # The files are mostly those of the node that finds the people.
            for note in without_effect(node, files, is_shared=True):
                node.get_logger().warning(note)
        record = SharedMemoryRecord(logger.info)
        spinner = Spinner(nodes, CallbackLog(logger), stop)
        stop.wait()
        spinner.end()
        for error in spinner.failures:
            logger.fatal(explained(error))
        return 1 if spinner.failures else 0
    finally:
        signals.ignore()
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
        if record is not None:
            record.close()

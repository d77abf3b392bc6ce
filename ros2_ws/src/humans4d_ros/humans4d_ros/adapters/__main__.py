"""The adapters as a process; see the package."""

from __future__ import annotations

from ..process import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from humans4d_core.errors import Humans4dError

from ..inputs.refusals import explained
from ..process.guarded_executor import CallbackLog
from ..process.ros_arguments import start_rclpy, without_effect
from ..process.ros_session import use_large_message_profile
from ..process.shared_memory import SharedMemoryRecord
from ..process.spinner import Spinner
from . import AdapterError, choose


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: what was asked for cannot run here."""
    args = sys.argv if args is None else args
    stop = signals.stop_on_first()
    use_large_message_profile()
    logger = rclpy.logging.get_logger("humans4d_adapters")
    try:
        files = start_rclpy(args, SignalHandlerOptions.NO)
    except Humans4dError as error:
        logger.fatal(f"cannot start: {error}")
        return 1
    nodes: list = []
    record = None
    try:
        try:
            for adapter in choose(remove_ros_args(args)[1:]):
                nodes.append(adapter.create())
        except AdapterError as error:
            logger.fatal(str(error))
            return 1
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


if __name__ == "__main__":
    sys.exit(main())

"""The adapters as a process; see the package."""

from __future__ import annotations

from .. import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from ..guarded_executor import CallbackLog
from ..refusals import explained
from ..ros_session import use_large_message_profile
from ..shared_memory import SharedMemoryRecord
from ..spinner import Spinner
from . import AdapterError, choose


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: what was asked for cannot run here."""
    args = sys.argv if args is None else args
    stop = signals.stop_on_first()
    use_large_message_profile()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    logger = rclpy.logging.get_logger("humans4d_adapters")
    nodes: list = []
    record = None
    try:
        try:
            nodes = [adapter.create() for adapter in choose(remove_ros_args(args)[1:])]
        except AdapterError as error:
            logger.fatal(str(error))
            return 1
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

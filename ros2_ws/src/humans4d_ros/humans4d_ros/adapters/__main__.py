"""The adapters as a process; see the package."""

from __future__ import annotations

import sys

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.utilities import remove_ros_args

from ..ros_session import use_large_message_profile
from . import AdapterError, choose


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: what was asked for cannot run here."""
    args = sys.argv if args is None else args
    use_large_message_profile()
    rclpy.init(args=args)
    nodes = []
    executor = SingleThreadedExecutor()
    try:
        try:
            nodes = [adapter.create() for adapter in choose(remove_ros_args(args)[1:])]
        except AdapterError as error:
            rclpy.logging.get_logger("humans4d_adapters").fatal(str(error))
            return 1
        for node in nodes:
            executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        executor.shutdown()
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())

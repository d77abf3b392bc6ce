"""Short-lived ROS programs (player, recorder, demo): start, stop, and message types by name."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from humans4d_core.errors import Humans4dError

from .distributions import fast_dds_profile_variable


def use_large_message_profile() -> None:
    """Let Fast DDS carry whole images through shared memory; its default drops most of them.

    Call it before the first node of a process. A profile that the user has set stays.
    """
    variable = fast_dds_profile_variable()
    if os.environ.get(variable):
        return
    try:
        share = Path(get_package_share_directory("humans4d_ros"))
    except PackageNotFoundError:
        return
    profile = share / "config" / "fastdds_large_messages.xml"
    if profile.is_file():
        os.environ[variable] = str(profile)


@contextmanager
def ros_node(name: str) -> Iterator[Node]:
    """A node in a context of its own, without signal handlers: the program has its own."""
    use_large_message_profile()
    context = rclpy.Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(name, context=context)
    try:
        yield node
    finally:
        node.destroy_node()
        context.try_shutdown()


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that files are closed properly."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    previous = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler)


def message_class(type_name: str) -> type:
    """The Python class of "package/msg/Name"; raises Humans4dError where it is not installed."""
    try:
        package, folder, name = type_name.split("/")
        return getattr(importlib.import_module(f"{package}.{folder}"), name)
    except (ValueError, ImportError, AttributeError):
        raise Humans4dError(
            f"message type {type_name} is not installed: install and source its package, or leave "
            "its topics out"
        ) from None


def run_program(program: Callable[[], int]) -> int:
    """The program's exit code; a user's mistake is one sentence on stderr and exit code 2."""
    try:
        return program()
    except Humans4dError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

"""Short-lived ROS programs (player, recorder, demo): start, stop, and message types by name."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from humans4d_core.errors import Humans4dError
from humans4d_core.shown_text import shown

from ..distributions import fast_dds_profile_variable
from .shared_memory import SharedMemoryRecord
from .signals import SIGNALS, Stop, ignore, stop_on_first

#: As ROS allows them: lower case, digits and single underscores; a name in camel case.
MESSAGE_TYPE = re.compile(r"(?P<package>[a-z][a-z0-9_]*)/msg/(?P<name>[A-Z][A-Za-z0-9]*)")


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
    record = SharedMemoryRecord()
    try:
        yield node
    finally:
        node.destroy_node()
        context.try_shutdown()
        record.close()


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """What the first signal of SIGNALS sets, so that files are closed properly; those that follow
    are ignored until the process is gone."""
    previous = [signal.getsignal(number) for number in SIGNALS]
    stop = stop_on_first()
    try:
        yield stop
    finally:
        if stop.is_set():
            ignore()
        else:
            for number, handler in zip(SIGNALS, previous, strict=True):
                signal.signal(number, handler)


def message_class(type_name: str) -> type:
    """The Python class of "package/msg/Name"; raises Humans4dError where it is not installed.

    Names come from whoever publishes in the graph, or from a bag, and importing runs code: only
    packages that rosidl has generated are imported.
    """
    match = MESSAGE_TYPE.fullmatch(type_name)
    if match and _is_generated(match["package"]):
        try:
            return getattr(importlib.import_module(f"{match['package']}.msg"), match["name"])
        except (ImportError, AttributeError):
            pass
    raise Humans4dError(
        f"message type {shown(type_name)} is not installed: install and source its package, or "
        "leave its topics out"
    )


def _is_generated(package: str) -> bool:
    """Whether rosidl's own library lies in the Python package, which is not imported."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    folders = () if spec is None else spec.submodule_search_locations or ()
    library = f"{package}_s__rosidl_typesupport_*"
    return any(next(Path(folder).glob(library), None) for folder in folders)


def run_program(program: Callable[[], int]) -> int:
    """The program's exit code; a user's mistake is one sentence on stderr and exit code 2."""
    try:
        return program()
    except Humans4dError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

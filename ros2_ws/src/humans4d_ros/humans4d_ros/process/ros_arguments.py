"""A process's ROS arguments: refused in one sentence, and what of them has no effect is named."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

import rclpy
from rclpy.signals import SignalHandlerOptions

from humans4d_core.errors import Humans4dError
from humans4d_core.shown_text import shown

from ..parameters.parameter_files import ParameterFile, read_parameter_file

QOS_OVERRIDES = "qos_overrides."


class ArgumentError(Humans4dError):
    """ROS arguments that cannot be used."""


def start_rclpy(
    args: Sequence[str] | None, signals: SignalHandlerOptions = SignalHandlerOptions.ALL
) -> list[ParameterFile]:
    """rclpy.init; returns the parameter files that were named. Raises Humans4dError."""
    args = list(sys.argv if args is None else args)
    files = [read_parameter_file(name) for name in parameter_file_names(args)]
    try:
        rclpy.init(args=args, signal_handler_options=signals)
    except Exception as error:  # RCLError, UnknownROSArgsError: rclpy hands out neither
        raise ArgumentError(f"ROS arguments: {_without_places(error)}") from None
    return files


def parameter_file_names(args: Sequence[str]) -> list[str]:
    """What follows --params-file among the ROS arguments."""
    names, is_ros, take = [], False, False
    for word in args:
        if take:
            names.append(word)
            take = False
        elif word in ("--ros-args", "--"):
            is_ros = word == "--ros-args"
        elif is_ros and word == "--params-file":
            take = True
    return names


def without_effect(node, files: Sequence[ParameterFile], is_shared: bool = False) -> list[str]:
    """Sentences on parameters that a node was given and does not have.

    is_shared: the files are another node's in the first place, so that only names which are nearly
    this node's own are worth a sentence.
    """
    notes = []
    if not is_shared:
        notes += [note for file in files for note in file.notes]
        name = node.get_fully_qualified_name()
        notes += [note for file in files for note in _other_nodes(file, name)]
    known = list(node._parameters)
    for key in _overrides(node):
        if node.has_parameter(key) or key.startswith(QOS_OVERRIDES):
            continue
        close = get_close_matches(key, known, n=1, cutoff=0.75)
        if close or not is_shared:
            hint = f": did you mean '{close[0]}'?" if close else ""
            notes.append(f"parameter '{shown(key, 80)}' has no effect, there is none{hint}")
    return notes


def _other_nodes(file: ParameterFile, name: str) -> list[str]:
    """Sentences on sections that may have been meant for the node of that full name."""
    others = [pattern for pattern in file.sections if not _fits(name, pattern)]
    if others and len(others) == len(file.sections):
        listed = shown(", ".join(others[:5]))
        return [f"{shown(file.path)} has nothing for {name}: it is for {listed}"]
    similar = get_close_matches(name, others, cutoff=0.85)
    return [f"{shown(file.path)}: '{shown(other)}' is not this node, {name}" for other in similar]


def qos_without_effect(node) -> list[str]:
    """The same for QoS overrides, once the node has made its subscriptions."""
    return [
        f"'{shown(key)}' has no effect: the node has no such topic, or the policy is none of "
        "history, depth, reliability"
        for key in _overrides(node)
        if key.startswith(QOS_OVERRIDES) and not node.has_parameter(key)
    ]


def _overrides(node) -> dict:
    """What command line and files set; rclpy keeps it to itself."""
    return getattr(node, "_parameter_overrides", {})


def _fits(name: str, pattern: str) -> bool:
    """Whether a section of a parameter file is for a node; * is one part of a name, ** several."""
    if "*" not in pattern:
        return name == pattern
    if pattern == "/**":
        return True
    if "**" in pattern:
        return fnmatchcase(name, pattern.replace("**/", "*").replace("**", "*"))
    return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)


def _without_places(error: Exception) -> str:
    """rcl's message without the lines of its sources."""
    text = re.sub(r", at /[^,]*:\d+", "", str(error))
    return shown(text.removeprefix("failed to initialize rcl: ").rstrip("."), 300)

"""What the launch files look at before they start anything.

`ros2 launch` visits one action after the other: what fails late leaves the processes before it
running, with nobody to end them. Launch files run in ROS's own Python, which need not have what
the node's has: this imports nothing of humans4d_core.
"""

from __future__ import annotations

import importlib.util
import os

from ament_index_python.packages import PackageNotFoundError, get_package_prefix

from .adapter_packages import PACKAGES

LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")


class LaunchError(RuntimeError):
    """A launch argument that cannot be used; ends the launch with exit code 1."""


def truth(text: str, name: str) -> bool:
    """A switch's value; raises LaunchError."""
    word = text.strip().lower()
    if word not in ("true", "false", "1", "0"):
        raise LaunchError(f"{name} is {text[:60]!r}: give true or false")
    return word in ("true", "1")


def number(text: str, name: str, low: float, high: float) -> float:
    """A number's value; raises LaunchError."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise LaunchError(f"{name} is {text[:60]!r}: give a number from {low:g} to {high:g}")
    return value


def log_level(text: str) -> str:
    """A level, or LOGGER:=LEVEL, as rcl takes it; raises LaunchError."""
    if text.rpartition(":=")[2].strip().lower() not in LOG_LEVELS:
        raise LaunchError(
            f"log_level is {text[:60]!r}: give one of {', '.join(LOG_LEVELS)}, or LOGGER:=LEVEL"
        )
    return text.strip()


def file(text: str, name: str) -> str:
    """The path of a file that is there; raises LaunchError. What is in it the node looks at."""
    path = os.path.expanduser(text.strip())
    if not os.path.isfile(path):
        state = "is no file" if os.path.exists(path) else "does not exist"
        raise LaunchError(f"{name}: {path!r} {state}")
    if not os.access(path, os.R_OK):
        raise LaunchError(f"{name}: {path!r} may not be read")
    return path


def adapter_names(text: str) -> list[str]:
    """Adapters to name on the command line, none for all; raises LaunchError where one cannot run
    here."""
    names = text.replace(",", " ").split()
    installed = {name for name, package in PACKAGES.items() if importlib.util.find_spec(package)}
    if names == ["all"]:
        if not installed:
            raise LaunchError(f"adapters: none of {', '.join(PACKAGES.values())} is installed")
        return []
    for name in names:
        if name not in PACKAGES:
            raise LaunchError(
                f"adapters: no adapter {name[:60]!r}: give all, or of {list(PACKAGES)}"
            )
        if name not in installed:
            raise LaunchError(
                f"adapters: {name!r} needs the package {PACKAGES[name]}, which is not installed"
            )
    return names


def need_rviz() -> None:
    """Raises LaunchError where RViz is not installed."""
    try:
        program = os.path.join(get_package_prefix("rviz2"), "lib", "rviz2", "rviz2")
    except (PackageNotFoundError, LookupError):
        program = ""
    if not os.path.isfile(program):
        raise LaunchError("RViz is not installed (package rviz2): install it, or leave rviz out")

"""Where `ros2 run` and `ros2 launch` enter: a signal that comes while a program still loads ends it
with exit code 0."""

from __future__ import annotations

import importlib

from .process import signals


def node() -> int:
    return _main("node")


def adapters() -> int:
    return _main("adapters.__main__")


def view() -> int:
    return _main("view.__main__")


def fusion() -> int:
    return _main("fusion.__main__")


def bag_player() -> int:
    return _main("replay.bag_player")


def bag_recorder() -> int:
    return _main("replay.bag_recorder")


def replay() -> int:
    return _main("replay.bag_replay")


def demo() -> int:
    return _main("replay.demo.run_demo")


def _main(module: str) -> int:
    signals.end_while_loading()
    return importlib.import_module(f"{__package__}.{module}").main()

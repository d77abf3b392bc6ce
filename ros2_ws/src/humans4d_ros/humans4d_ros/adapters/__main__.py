"""The adapters as a process; see the package."""

from __future__ import annotations

from ..process import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys

from rclpy.node import Node

from ..process.plain_nodes import run_nodes
from . import choose


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: what was asked for cannot run here."""
    return run_nodes(_nodes, "humans4d_adapters", args)


def _nodes(names: list[str]) -> list[Node]:
    return [adapter.create() for adapter in choose(names)]


if __name__ == "__main__":
    sys.exit(main())

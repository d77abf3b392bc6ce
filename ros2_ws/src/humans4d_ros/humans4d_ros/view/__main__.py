"""The view as a process; see the package."""

from __future__ import annotations

from ..process import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys

from ..process.plain_nodes import run_nodes
from .view_node import ViewNode


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: it cannot run here."""
    return run_nodes(lambda words: [ViewNode()], "humans4d_view", args)


if __name__ == "__main__":
    sys.exit(main())

"""The fusion as a process; see the package."""

from __future__ import annotations

from ..process import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys

from ..process.plain_nodes import run_nodes
from .fusion_node import FusionNode


def main(args: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 1: it cannot run here."""
    return run_nodes(lambda words: [FusionNode()], "humans4d_fusion", args)


if __name__ == "__main__":
    sys.exit(main())

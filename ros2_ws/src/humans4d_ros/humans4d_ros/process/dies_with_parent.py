"""Run a command that ends when the program that started it ends, however that ends.

    python -m humans4d_ros.process.dies_with_parent PID COMMAND [ARGUMENT ...]

PID is the starting program's own, whose main thread starts this. A program that is killed, or whose
terminal is closed, cannot end its children itself: here the kernel sends them SIGTERM.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str] | None = None) -> int:
    """Becomes the command; returns only where the parent is gone already."""
    parent, *command = sys.argv[1:] if arguments is None else arguments
    if sys.platform == "linux":
        # It outlives the exec below.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):
        return 1
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main())

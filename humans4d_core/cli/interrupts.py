"""Ctrl-C asks a command to come to an end, so that its files are whole."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Exit code of a command that Ctrl-C ended: 128 + SIGINT, as shells have it.
INTERRUPTED = 130


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C asks to stop after the frame, so that no file is cut off; the next kills."""
    stopped = False

    def stop(signal_number, stack_frame):
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: stopped
    finally:
        signal.signal(signal.SIGINT, previous)

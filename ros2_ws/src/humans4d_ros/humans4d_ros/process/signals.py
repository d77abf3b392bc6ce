"""SIGINT, SIGTERM and SIGHUP end a program once, with exit code 0.

Who ends programs sends more than one: `ros2 launch` and a terminal both send SIGINT, systemd and
Docker a SIGTERM after it. Those that follow the first are ignored until the process is gone, or
Python's own handlers, which come back while it goes, would make the exit code -2.
"""

from __future__ import annotations

import os
import select
import signal
import time

#: SIGHUP: the terminal was closed; ignored where nohup says so.
_HANG_UP = () if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (signal.SIGHUP,)
SIGNALS = (signal.SIGINT, signal.SIGTERM, *_HANG_UP)
#: Seconds. A signal may reach another thread than the main one, which alone runs Python's handlers
#: and has to be awake for it.
LONGEST_SLEEP = 0.1


class Stop:
    """Set once, by a signal's handler or any thread. A threading.Event would lock itself out when
    the handler runs while its own thread is about to wait."""

    def __init__(self):
        self._read, self._write = os.pipe()

    def __del__(self):
        os.close(self._read)
        os.close(self._write)

    def set(self) -> None:
        if not self.is_set():
            os.write(self._write, b"\0")

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds; whether it is set."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = max(min(end - time.monotonic(), LONGEST_SLEEP), 0)
            if select.select([self._read], [], [], left)[0]:
                return True
            if time.monotonic() >= end:
                return False


def end_while_loading() -> None:
    """Until `stop_on_first`: a signal ends the process at once. There is nothing to clean up."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))


def stop_on_first() -> Stop:
    """What the first signal sets; those after it do nothing. To be called in the main thread."""
    stop = Stop()
    for number in SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    return stop


def ignore() -> None:
    """From here on, until the process is gone. To be called when nothing is left to be stopped."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

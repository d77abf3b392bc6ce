"""Programs of this package in processes of their own, which end with the one that began them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def program_of_ours(module: str, arguments: list[str], log: Path) -> Iterator[subprocess.Popen]:
    """A module of humans4d_ros as a process; what it says goes to `log`. It is ended at the end."""
    program = [sys.executable, "-m", f"humans4d_ros.{module}", *arguments]
    parent = str(os.getpid())
    command = [sys.executable, "-m", "humans4d_ros.process.dies_with_parent", parent, *program]
    with log.open("wb") as file:
        # In a session of its own: Ctrl-C reaches the parent, which then ends this one in order.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield process
        finally:
            end_program(process)


def end_program(process: subprocess.Popen) -> int:
    """Its exit code, after asking it to end."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def last_words(log: Path) -> str:
    """What a program said last, and where the rest is."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} (its log: {log})"

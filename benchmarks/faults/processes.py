"""The node under test and its neighbours as processes, and what they cost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
#: s; a machine may be busy.
TIMEOUT = 60.0
#: Growth of memory from the first half of a run to the second that is called flat.
FLAT = 0.05
#: Of a run, the part until every kind of memory has been touched once.
WARM_UP = 0.25


class Process:
    """A program in a process group of its own; what it says goes to a file."""

    def __init__(self, command: Sequence[str], log: Path, environment: dict | None = None):
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_it_says(self, text: str, timeout: float = 2 * TIMEOUT) -> None:
        end = time.monotonic() + timeout
        while text not in self.said():
            if not self.is_alive or time.monotonic() > end:
                raise RuntimeError(f"{self.log.name} never said '{text}':\n{self.said()[-3000:]}")
            time.sleep(0.1)

    def send(self, number: int) -> None:
        if self.is_alive:
            self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code; -9 where it had to be killed."""
        self.send(number)
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        self.send(signal.SIGKILL)
        return self.process.wait()


@dataclass(frozen=True)
class Figures:
    """Of a process at one moment."""

    seconds: float  #: since the run began
    resident_mb: float
    threads: int
    files: int


def figures(pid: int, seconds: float) -> Figures:
    """Raises OSError where there is no such process."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = [re.search(rf"^{name}:\s+(\d+)", status, re.M) for name in ("VmRSS", "Threads")]
    if None in found:
        raise ProcessLookupError(f"process {pid} has ended")
    resident, threads = (int(match[1]) for match in found)
    return Figures(seconds, resident / 1024, threads, len(os.listdir(f"/proc/{pid}/fd")))


def growth(series: Sequence[Figures]) -> dict[str, tuple[float, float]]:
    """Medians of each figure in the first and the second half of a run, after its warm-up."""
    series = series[round(len(series) * WARM_UP) :]
    half = len(series) // 2
    if not half:
        return {}
    return {
        name: tuple(
            float(np.median([getattr(row, name) for row in part]))
            for part in (series[:half], series[half:])
        )
        for name in ("resident_mb", "threads", "files")
    }


def what_grew(series: Sequence[Figures]) -> list[str]:
    """Sentences, one for each figure whose growth is not flat; one thread or file is allowed."""
    allowed = {"resident_mb": 0.0, "threads": 1.0, "files": 1.0}
    return [
        f"{name} grew from {first:.0f} to {second:.0f}"
        for name, (first, second) in growth(series).items()
        if second > first * (1 + FLAT) and second - first > allowed[name]
    ]


def wrong_with_log(text: str) -> list[str]:
    """Sentences about what a log must not hold."""
    wrong = []
    if "Traceback (most recent call last)" in text:
        at = text.index("Traceback (most recent call last)")
        wrong.append(f"a traceback:\n{text[max(at - 300, 0) : at + 2000]}")
    strange = sorted({c for c in text if not (c.isprintable() or c == "\n")})
    if strange:
        wrong.append(f"characters that are not to be printed: {strange[:10]}")
    if (longest := max(map(len, text.splitlines()), default=0)) > 4000:
        wrong.append(f"a line of {longest} characters")
    return wrong

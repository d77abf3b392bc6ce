"""What a process takes of the machine: processor time, memory, and the GPU where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Moment:
    """Counters of a process at a time."""

    at: float  #: s, monotonic
    cpu_seconds: float  #: user and system, all threads

    def cores_since(self, before: Moment) -> float:
        """How many cores it kept busy since then, on average."""
        return (self.cpu_seconds - before.cpu_seconds) / max(self.at - before.at, 1e-9)


def look_at(process_id: int) -> Moment:
    """Raises OSError where the process is gone."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Moment(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"))


def peak_memory(process_id: int) -> float:
    """The most that it has had resident, MB."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def gpu_use() -> dict[str, float | str] | None:
    """Of the first NVIDIA GPU, as nvidia-smi has it; None: there is none."""
    if not shutil.which("nvidia-smi"):
        return None
    query = "name,utilization.gpu,memory.used"
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
        )
        name, busy, memory = (word.strip() for word in done.stdout.splitlines()[0].split(","))
        return {"name": name, "busy_percent": float(busy), "memory_mb": float(memory)}
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None


def cpu_name() -> str:
    """As the kernel says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown")

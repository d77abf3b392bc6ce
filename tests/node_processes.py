"""Programs of the ROS package as processes of their own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

#: Seconds until something that happens at once is said not to happen; machines may be busy.
TIMEOUT = 30.0


class NodeProcess:
    """The node, or another program of the package, as a process of its own, and what it says."""

    def __init__(
        self,
        parameters: dict,
        environment: dict[str, str] | None = None,
        arguments=(),
        program: str = "node",
    ):
        assignments = [f"{name}:={value}" for name, value in parameters.items()]
        options = [word for text in assignments for word in ("-p", text)]
        command = [
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            f"humans4d_ros.{program}",
            "--ros-args",
            *options,
            *arguments,
        ]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        self._lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait_until_it_says(self, text: str, timeout: float = 2 * TIMEOUT) -> None:
        with self._said:
            if not self._said.wait_for(lambda: text in self.output, timeout):
                raise AssertionError(f"the node never said '{text}', but:\n{self.output}")

    def own_shared_memory(self) -> set[str]:
        """Fast DDS's files in /dev/shm that this process has and this test's has not."""
        return shared_memory(self.process.pid) - shared_memory(os.getpid())

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            code = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler tells where each thread is
            self._reader.join(TIMEOUT)
            raise AssertionError(f"the node does not end:\n{self.output}") from None
        self._reader.join(TIMEOUT)
        return code

    def kill(self) -> None:
        """Whatever is left of the node's process group, and its files."""
        files = self.own_shared_memory() if self.process.poll() is None else set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(TIMEOUT)
            for file in files:
                Path(file).unlink(missing_ok=True)

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._said:
                self._lines.append(line)
                self._said.notify_all()


def shared_memory(pid: int) -> set[str]:
    """Fast DDS's files in /dev/shm that a process has mapped."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return set()
    return set(re.findall(r"/dev/shm/\S*fast(?:dds|rtps)\S*", maps))

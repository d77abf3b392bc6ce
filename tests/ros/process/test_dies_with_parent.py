"""A child process ends with its parent, whatever ends that."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

COMMAND = [sys.executable, "-m", "humans4d_ros.process.dies_with_parent"]
#: Starts the child, says its number once it runs, and waits.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([*sys.argv[1:], str(os.getpid()), "sleep", "1000"], start_new_session=True)
while b"sleep" not in open(f"/proc/{child.pid}/cmdline", "rb").read().split(b"\\0"):
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(1000)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGHUP, signal.SIGTERM]
)
def test_the_child_ends_with_a_parent_that_is_ended(number):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *COMMAND], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        try:
            child = int(parent.stdout.readline())
            assert is_running(child)
            parent.send_signal(number)
            parent.wait(30)
        finally:
            parent.kill()
    deadline = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)


def test_nothing_is_started_for_a_parent_that_is_gone():
    result = subprocess.run([*COMMAND, "1", "echo", "started"], capture_output=True, timeout=60)
    assert result.returncode == 1 and b"started" not in result.stdout

"""SIGINT and SIGTERM end a program once, with exit code 0, however many come and whenever."""

import os
import signal
import subprocess
import sys
import threading

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.process.signals import Stop

TIMEOUT = 60.0
INT, TERM = signal.SIGINT, signal.SIGTERM

#: Ends slowly, as a process does that takes large libraries down.
PROGRAM = """
import atexit, sys, time
from humans4d_ros.process import signals
stop = signals.stop_on_first()
print("ready", flush=True)
assert stop.wait(60)
print("stopping", flush=True)
sys.stdin.readline()
signals.ignore()
atexit.register(lambda: (print("ending", flush=True), sys.stdin.readline()))
"""

LOADING = """
from humans4d_ros.process import signals
signals.end_while_loading()
print("ready", flush=True)
while True:
    pass
"""


@pytest.fixture
def start():
    """start(code) -> its process, which says when it is ready."""
    started = []

    def start(code):
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, text=True,
            preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (INT, TERM)],
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("order", [(INT, INT, INT), (TERM, TERM, TERM), (INT, TERM, INT)])
def test_those_after_the_first_change_nothing(start, order):
    process = start(PROGRAM)
    process.send_signal(order[0])
    assert process.stdout.readline() == "stopping\n"
    process.send_signal(order[1])
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ending\n"
    process.send_signal(order[2])
    _out, err = process.communicate("\n", TIMEOUT)
    assert (process.returncode, err) == (0, "")


def test_many_at_once_are_one(start):
    process = start(PROGRAM)
    for _ in range(20):
        process.send_signal(INT)
        process.send_signal(TERM)
    _out, err = process.communicate("\n\n", TIMEOUT)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("number", [INT, TERM])
def test_one_while_the_program_loads_ends_it_at_once(start, number):
    process = start(LOADING)
    process.send_signal(number)
    _out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (0, "")


def test_a_stop_frees_all_who_wait():
    stop, freed = Stop(), []
    assert not stop.is_set() and not stop.wait(0.01)
    waiters = [threading.Thread(target=lambda: freed.append(stop.wait())) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    stop.set()
    stop.set()
    for waiter in waiters:
        waiter.join(TIMEOUT)
    assert freed == [True] * 3
    assert stop.is_set() and stop.wait()

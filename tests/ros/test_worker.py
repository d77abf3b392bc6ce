"""The mailbox keeps the newest; the worker outlives errors and ends when told."""

import os
import threading
import time

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.inputs.mailbox import Mailbox
from humans4d_ros.worker import Worker

TIMEOUT = 10.0


def test_the_newest_item_wins_and_drops_are_told():
    mailbox = Mailbox()
    assert [mailbox.put(item) for item in "abc"] == [False, True, True]
    assert mailbox.take() == "c"
    assert mailbox.put("d") is False


def test_who_waits_gets_what_comes():
    mailbox, taken = Mailbox(), []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.put("a")
    thread.join(TIMEOUT)
    assert taken == ["a"]


def test_a_closed_mailbox_frees_who_waits_and_keeps_nothing():
    mailbox, taken = Mailbox(), []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.close()
    thread.join(TIMEOUT)
    mailbox.put("late")
    assert taken == [None]
    assert mailbox.take() is None


def test_while_the_worker_is_busy_only_the_newest_waits():
    busy, go_on, done = threading.Event(), threading.Event(), threading.Event()
    processed = []

    def process(item):
        busy.set()
        assert go_on.wait(TIMEOUT)
        processed.append(item)
        if item == 3:
            done.set()

    worker = Worker(process, pytest.fail)
    worker.offer(1)
    assert busy.wait(TIMEOUT)
    assert [worker.offer(item) for item in (2, 3)] == [False, True]
    go_on.set()
    assert done.wait(TIMEOUT)
    worker.stop()
    assert processed == [1, 3]


def test_an_error_is_told_and_the_next_item_processed():
    errors, done = [], threading.Event()

    def process(item):
        if item == "bad":
            raise ValueError("bad item")
        done.set()

    told = threading.Event()
    worker = Worker(process, lambda error: (errors.append(str(error)), told.set()))
    worker.offer("bad")
    assert told.wait(TIMEOUT)
    worker.offer("good")
    assert done.wait(TIMEOUT)
    worker.stop()
    assert errors == ["bad item"]


def test_stop_waits_for_the_item_at_hand():
    busy, go_on, finished = threading.Event(), threading.Event(), []

    def process(item):
        busy.set()
        assert go_on.wait(TIMEOUT)
        finished.append(item)

    worker = Worker(process, pytest.fail)
    worker.offer("a")
    assert busy.wait(TIMEOUT)
    worker.offer("never")
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    go_on.set()
    stopper.join(TIMEOUT)
    assert finished == ["a"]


def test_the_worker_outlives_who_is_told_of_its_errors(capfd):
    """In silence it would be missed only by who looks for people."""
    done = threading.Event()

    def process(item):
        if item == "good":
            done.set()
        raise ValueError(f"{item} item")

    def on_error(error):
        raise RuntimeError(f"cannot tell of: {error}")

    worker = Worker(process, on_error)
    for _ in range(3):
        worker.offer("bad")
    deadline = time.monotonic() + TIMEOUT
    while "cannot tell of: bad item" not in capfd.readouterr().err:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    worker.offer("good")
    assert done.wait(TIMEOUT)
    worker.stop()
    assert "good item" not in capfd.readouterr().err  # the log is not flooded

"""What a deadline leaves for an image."""

import time

import pytest

pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.outputs.deadline import Deadline

SECOND = 10**9


def test_without_a_deadline_there_is_no_limit():
    assert Deadline().left(0.0, SECOND, 2 * SECOND, time.monotonic()) is None


def test_the_images_age_and_the_time_to_publish_are_taken_off(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    deadline = Deadline()
    assert deadline.left(0.2, SECOND, SECOND + SECOND // 20, 100.0) == pytest.approx(0.15)
    deadline.begin()
    now[0] += 0.03
    deadline.end()
    assert deadline.left(0.2, SECOND, SECOND + SECOND // 20, 100.0) == pytest.approx(0.12)


def test_of_stamps_of_another_day_the_age_counts_from_the_arrival(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 100.04)
    assert Deadline().left(0.2, SECOND, 10**18, 100.0) == pytest.approx(0.16)

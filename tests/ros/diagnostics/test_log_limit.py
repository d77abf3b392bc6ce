"""Of each kind the first line at once, then one in a while."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.diagnostics.log_limit import CAPACITY, LogLimit


def test_the_first_of_each_kind_is_due_and_the_next_after_a_while():
    now = 0.0
    limit = LogLimit(5.0, clock=lambda: now)
    told = []
    for second in range(11):
        now = float(second)
        told += [(kind, second) for kind in ("a", "b") if limit.is_due(kind)]
    assert told == [(kind, second) for second in (0, 5, 10) for kind in ("a", "b")]


def test_kinds_that_strangers_invent_do_not_fill_the_memory():
    limit = LogLimit(5.0)
    for number in range(10 * CAPACITY):
        assert limit.is_due(number)
    assert len(limit._last) == CAPACITY

"""An image gets the depth of its moment, if there is any."""

import os
import threading
import time

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.inputs.depth_images import CAPACITY, DepthBuffer

MS = 1_000_000


def test_the_nearest_within_the_tolerance_is_taken():
    depth = DepthBuffer()
    for stamp in (0, 33, 66, 100):
        depth.put(f"at {stamp}", stamp * MS)
    assert depth.take(33 * MS, 0.02) == "at 33"
    assert depth.take(60 * MS, 0.02) == "at 66"
    assert depth.take(83 * MS, 0.01) is None


def test_depth_that_comes_a_little_later_is_waited_for():
    depth = DepthBuffer()
    depth.put("before", 0)
    late = threading.Timer(0.01, depth.put, ("with it", 100 * MS))
    late.start()
    assert depth.take(100 * MS, 0.02) == "with it"
    late.join()


def test_depth_out_of_step_is_not_waited_for_once_that_is_known():
    depth, waits = DepthBuffer(), []
    for number in range(20):
        stamp_ns = number * 33 * MS
        depth.put(number, stamp_ns - 5 * MS)
        start = time.monotonic()
        assert depth.take(stamp_ns, 0.02) == number
        waits.append(time.monotonic() - start)
    assert sum(waits[1:]) < 0.5  # 19 full waits would take a second


def test_where_no_depth_comes_at_all_nobody_waits():
    depth = DepthBuffer()
    start = time.monotonic()
    for number in range(100):
        assert depth.take(number * MS, 0.02) is None
    assert time.monotonic() - start < 1.0  # waiting each time would take five


def test_depth_that_nobody_takes_does_not_pile_up():
    depth = DepthBuffer()
    for number in range(1000):
        depth.put(number, number * 33 * MS)
    assert len(depth._messages) == CAPACITY


def test_after_a_jump_in_time_old_depth_is_not_mixed_in():
    depth = DepthBuffer()
    depth.put("of another round", 100 * MS)
    depth.clear()
    assert depth.take(100 * MS, 0.02) is None

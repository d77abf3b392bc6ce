"""The limit of images a second."""

import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.inputs.rate_limit import RateLimit


def taken(times, rate: float) -> np.ndarray:
    limit = RateLimit()
    return np.array([t for t in times if limit.takes(t, rate)])


def test_without_a_limit_every_image_is_taken():
    assert len(taken(np.arange(50) / 200, 0.0)) == 50


@pytest.mark.parametrize(("camera", "limit"), [(30, 10), (30, 15), (25, 10), (200, 7)])
def test_images_are_taken_at_the_limit_in_spite_of_jitter(camera, limit):
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, 20 * camera) / camera
    times = taken(np.arange(20 * camera) / camera + jitter, limit)
    assert len(times) / 20 == pytest.approx(limit, rel=0.05)
    within_a_second = np.searchsorted(times, times + 1.0) - np.arange(len(times))
    assert within_a_second.max() <= limit + 1


def test_a_camera_slower_than_the_limit_loses_nothing():
    jitter = np.random.default_rng(1).uniform(-0.05, 0.05, 100) / 10
    assert len(taken(np.arange(100) / 10 + jitter, 12.0)) == 100


def test_a_pause_is_not_made_up_for():
    limit = RateLimit()
    assert limit.takes(0.0, 10.0)
    assert [limit.takes(100.0 + t, 10.0) for t in (0.0, 0.05, 0.1)] == [True, False, True]

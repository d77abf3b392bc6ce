"""Diagnostics: what happened is counted, and judged by what is recent."""

import math
import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from diagnostic_msgs.msg import DiagnosticStatus
from humans4d_ros.diagnostics import Statistics


def report(statistics, state="active", failure=""):
    status = statistics.status("humans4d", state, failure, {"detector": "nanodet"})
    return status, {v.key: v.value for v in status.values}


def test_images_are_counted_by_what_became_of_them():
    statistics = Statistics()
    for dropped_another in (False, True, True):
        statistics.image_received(dropped_another)
    statistics.image_processed(people=2, latency=0.1, node_seconds=0.05)
    assert statistics.image_refused("image", "first") == 1
    assert statistics.image_refused("camera", "second") == 1
    assert statistics.image_refused("image", "third") == 2
    _, values = report(statistics)
    assert values["images_received"] == "3"
    assert values["images_dropped"] == "2"
    assert values["images_processed"] == "1"
    assert values["images_refused"] == "3"
    assert values["images_refused_image"] == "2"
    assert values["images_refused_camera"] == "1"
    assert values["people"] == "2"
    assert values["last_error"] == "third"
    assert values["detector"] == "nanodet"


def test_percentiles_leave_out_what_is_no_latency():
    statistics = Statistics()
    for latency in (0.1, math.nan, 0.3):
        statistics.image_processed(people=0, latency=latency, node_seconds=0.02)
    _, values = report(statistics)
    assert values["latency_p50_s"] == "0.2000"
    assert values["node_p95_s"] == "0.0200"


def test_without_images_latency_is_unknown():
    _, values = report(Statistics())
    assert values["latency_p50_s"] == values["node_p50_s"] == "unknown"


def test_the_level_follows_what_is_recent():
    statistics = Statistics()
    assert report(statistics)[0].level == DiagnosticStatus.WARN  # no images come
    statistics.image_received(False)
    statistics.image_processed(0, 0.1, 0.1)
    assert report(statistics)[0].level == DiagnosticStatus.OK
    statistics.image_received(False)
    statistics.image_refused("image", "bad")
    assert report(statistics)[0].level == DiagnosticStatus.ERROR
    statistics.image_received(False)
    statistics.image_refused("image", "bad")
    statistics.image_received(False)
    statistics.image_processed(0, 0.1, 0.1)
    assert report(statistics)[0].level == DiagnosticStatus.WARN
    statistics.image_received(False)
    statistics.image_processed(0, 0.1, 0.1)
    assert report(statistics)[0].level == DiagnosticStatus.OK


def test_an_inactive_node_is_well_and_one_that_cannot_be_configured_is_not():
    statistics = Statistics()
    assert report(statistics, state="inactive")[0].level == DiagnosticStatus.OK
    status, values = report(statistics, "unconfigured", "model file is missing")
    assert status.level == DiagnosticStatus.ERROR
    assert "model file is missing" in status.message
    assert values["last_error"] == "model file is missing"

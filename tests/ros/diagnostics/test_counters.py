"""Counters: what happened is counted, and measured over what is recent."""

import math
import os

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.diagnostics import counters as diagnostics
from humans4d_ros.diagnostics.counters import Counters

from humans4d_core.types import TrackState

NOBODY = np.zeros(0, np.uint8)


@pytest.fixture
def clock(monkeypatch):
    """clock.now: the time that the counters see, in seconds."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(diagnostics, "time", clock)
    return clock


def test_images_are_counted_by_what_became_of_them():
    counters = Counters()
    for dropped_another in (False, True, True):
        counters.image_received(dropped_another)
    counters.image_skipped()
    counters.images_lost(5)
    counters.image_processed(NOBODY, latency=0.1, node_seconds=0.05)
    assert counters.image_refused("image", "first") == 1
    assert counters.image_refused("camera", "second") == 1
    assert counters.image_refused("image", "third") == 2
    report = counters.report()
    counts = dict(received=4, dropped=2, skipped=1, lost=5, processed=1, refused=3)
    assert report.recent == counts
    assert {f"images_{key}": str(value) for key, value in counts.items()}.items() <= (
        report.values.items()
    )
    assert report.values["images_refused_image"] == "2"
    assert report.values["images_refused_camera"] == "1"
    assert report.values["last_error"] == "third"
    assert not any(counters.report().recent.values())


def test_people_are_those_who_are_believed_and_tracks_those_who_live():
    states = [getattr(TrackState, name) for name in ("CONFIRMED", "OCCLUDED", "TENTATIVE", "LOST")]
    counters = Counters()
    counters.image_processed(np.array(states, np.uint8), 0.1, 0.1)
    values = counters.report().values
    assert (values["people"], values["tracks"]) == ("2", "3")


def test_percentiles_leave_out_what_is_no_latency():
    counters = Counters()
    for latency in (0.1, math.nan, 0.3):
        counters.image_processed(NOBODY, latency=latency, node_seconds=0.02)
    report = counters.report()
    assert report.values["latency_p50_s"] == "0.2000"
    assert report.values["node_p95_s"] == "0.0200"
    assert report.latency_p95 == pytest.approx(0.29)


def test_where_stamps_tell_no_latency_the_nodes_own_time_is_judged():
    counters = Counters()
    counters.image_processed(NOBODY, latency=math.nan, node_seconds=0.02)
    assert counters.report().latency_p95 == pytest.approx(0.02)


def test_without_images_latency_is_unknown():
    report = Counters().report()
    assert report.values["latency_p50_s"] == report.values["node_p50_s"] == "unknown"
    assert math.isnan(report.latency_p95)


def test_rates_are_of_the_last_seconds(clock):
    counters = Counters()
    for _ in range(20):
        clock.now += 1.0
        for _ in range(10):
            counters.image_received(False)
        for _ in range(4):
            counters.image_processed(NOBODY, 0.1, 0.1)
        report = counters.report()
    assert (report.input_rate, report.output_rate) == (pytest.approx(10), pytest.approx(4))
    for _ in range(diagnostics.RATE_REPORTS):
        clock.now += 1.0
        report = counters.report()
    assert report.input_rate == report.output_rate == 0


def test_silence_lasts_from_the_last_image_or_from_the_activation(clock):
    counters = Counters()
    clock.now += 5.0
    assert counters.report().silence == pytest.approx(5.0)
    counters.activated()
    clock.now += 3.0
    assert counters.report().silence == pytest.approx(3.0)
    counters.image_received(False)
    clock.now += 1.0
    assert counters.report().silence == pytest.approx(1.0)


def test_an_activation_begins_latencies_and_rates_anew(clock):
    counters = Counters()
    counters.image_received(False)
    counters.image_processed(NOBODY, 9.0, 9.0)
    clock.now += 2.0
    counters.activated()
    clock.now += 0.5
    report = counters.report()
    assert report.input_rate == 0
    assert math.isnan(report.output_rate)
    assert math.isnan(report.latency_p95)
    assert report.values["images_processed"] == "1"


def test_a_report_says_how_long_ago_the_last_error_was(clock):
    counters = Counters()
    assert counters.report().values["last_error_seconds_ago"] == "unknown"
    counters.image_refused("image", "bad")
    clock.now += 12.3
    assert counters.report().values["last_error_seconds_ago"] == "12.3"


def test_losses_are_told_as_a_share_of_the_last_seconds(clock):
    counters = Counters()
    counters.images_lost(100)
    for _ in range(8):  # until that is long ago
        clock.now += 1
        counters.report()
    for _ in range(34):
        counters.image_received(False)
    counters.images_lost(58)
    report = counters.report()
    assert (report.lost, report.sent) == (58, 92)


def test_callbacks_that_failed_are_counted_and_told():
    counters = Counters()
    assert counters.report().values["callbacks_failed"] == "0"
    counters.callback_failed("subscription /clock failed")
    values = counters.report().values
    assert (values["callbacks_failed"], values["last_error"]) == ("1", "subscription /clock failed")


def test_the_oldest_pose_is_that_of_the_last_image():
    counters = Counters()
    assert counters.report().values["oldest_pose_s"] == "0.00"
    counters.pose_ages(np.array([0.0, 0.42, 0.1]))
    assert counters.report().values["oldest_pose_s"] == "0.42"
    counters.pose_ages(np.zeros(0))
    assert counters.report().values["oldest_pose_s"] == "0.00"


def test_boxes_that_became_nothing_are_counted_and_how_long_that_has_been_so(clock):
    counters = Counters()
    counters.boxes_unused(2, 0)
    clock.now += 4.0
    counters.boxes_unused(1, 900)
    report = counters.report()
    assert report.values["boxes_without_body"] == "3"
    assert report.values["boxes_left_out"] == "900"
    assert report.without_body_seconds == 4.0
    counters.boxes_unused(0, 0)
    assert counters.report().without_body_seconds == 0

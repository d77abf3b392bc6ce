"""Health: counters become OK, WARN or ERROR, with the reason."""

import math
import os
import sys
from types import SimpleNamespace

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from diagnostic_msgs.msg import DiagnosticStatus
from humans4d_ros.diagnostics.counters import Report
from humans4d_ros.diagnostics.judge import status
from humans4d_ros.parameters.parameter_table import NodeParameters

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
LIMITS = NodeParameters(
    image_timeout=2.0, warn_latency=0.5, error_latency=1.0, warn_rate=8.0, error_rate=4.0
)
QUIET = dict(received=10, processed=10, dropped=0, skipped=0, refused=0)


def judge(state="active", failure="", limits=LIMITS, **changes):
    recent = {**QUIET, **changes.pop("recent", {})}
    measured = dict(input_rate=10.0, output_rate=10.0, silence=0.1, latency_p95=0.1)
    report = Report(recent=recent, values={"last_error": "bad image"}, **{**measured, **changes})
    return status(
        "humans4d", state, failure, {"recovery": "hmr2"}, report, limits, lambda: "the reason"
    )


@pytest.mark.parametrize(
    ("changes", "level", "told"),
    [
        ({}, OK, "working"),
        ({"recent": {"refused": 3}}, WARN, "3 images were refused"),
        ({"recent": {"refused": 3, "processed": 0}}, ERROR, "every image was refused"),
        ({"silence": 2.1}, WARN, "no image for 2 s: the reason"),
        ({"silence": 1.9}, OK, "working"),
        ({"latency_p95": 0.6}, WARN, "latency is 0.60 s (95th percentile), above 0.5 s"),
        ({"latency_p95": 1.1}, ERROR, "latency is 1.10 s (95th percentile), above 1 s"),
        ({"latency_p95": math.nan}, OK, "working"),
        ({"output_rate": 7.0}, WARN, "7.0 images/s are processed, fewer than 8"),
        ({"output_rate": 3.0}, ERROR, "3.0 images/s are processed, fewer than 4"),
        ({"output_rate": math.nan}, OK, "working"),
        ({"lost": 58, "sent": 92}, WARN, "58 of the last 92 images were lost on their way: give"),
        ({"lost": 2, "sent": 150}, OK, "working"),
        ({"lost": 2, "sent": 4}, OK, "working"),  # of a camera that has just started
        ({"without_body_seconds": 2.0}, OK, "working"),
        ({"without_body_seconds": 5.0}, OK, "working; for 5 s there have been people without a"),
    ],
)
def test_the_level_follows_the_limits(changes, level, told):
    status = judge(**changes)
    assert status.level == level
    assert told in status.message


def test_the_worst_comes_first_and_nothing_is_left_out():
    status = judge(latency_p95=0.6, output_rate=3.0)
    assert status.level == ERROR
    assert status.message.index("3.0 images/s") < status.message.index("latency is 0.60 s")


def test_silence_hides_what_follows_from_it():
    status = judge(silence=10.0, output_rate=0.0)
    assert (status.level, status.message) == (WARN, "no image for 10 s: the reason")


def test_a_rate_of_zero_is_no_limit():
    assert judge(limits=NodeParameters(), output_rate=0.1).level == OK


def test_an_inactive_node_is_well_and_one_that_cannot_be_configured_is_not():
    status = judge(state="inactive", silence=100.0)
    assert (status.level, status.message) == (OK, "inactive")
    status = judge(state="unconfigured", failure="cannot configure: the model file is missing")
    assert status.level == ERROR
    assert "the model file is missing" in status.message
    assert {v.key: v.value for v in status.values}["last_error"] == status.message


def test_the_values_tell_what_the_node_runs():
    values = {v.key: v.value for v in judge().values}
    assert (values["state"], values["recovery"]) == ("active", "hmr2")
    assert not any(key.startswith("gpu") for key in values)


@pytest.mark.parametrize(("free_mb", "level"), [(1000, OK), (100, WARN)])
def test_the_gpus_memory_is_reported_and_a_full_one_is_a_warning(monkeypatch, free_mb, level):
    """Arithmetic and words only: this machine need not have a GPU."""
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        memory_reserved=lambda: 300 * 2**20,
        mem_get_info=lambda: (free_mb * 2**20, 8000 * 2**20),
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    status = judge()
    assert status.level == level
    values = {v.key: v.value for v in status.values}
    assert values["gpu_memory_own_mb"] == "300"
    assert values["gpu_memory_used_mb"] == str(8000 - free_mb)
    assert values["gpu_memory_total_mb"] == "8000"


def test_a_camera_that_shows_nothing_is_a_warning_but_not_while_no_image_comes():
    status = judge(looks_wrong=("the image is black (brightness 2 of 255)",))
    assert (status.level, status.message) == (WARN, "the image is black (brightness 2 of 255)")
    assert "black" not in judge(looks_wrong=("the image is black",), silence=10.0).message

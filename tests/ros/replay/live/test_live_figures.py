import math

import pytest
from humans4d_ros.replay.live.live_figures import (
    Arrival,
    image_figures,
    latency_figures,
    lost_share,
)
from humans4d_ros.replay.live.peak_rate import FASTEST, find_peak
from humans4d_ros.replay.live.process_use import look_at, peak_memory


def arrivals(latencies, period=0.1):
    return [Arrival(k * period, latency, latency / 2, 2) for k, latency in enumerate(latencies)]


def test_latencies_are_told_of_all_of_the_first_and_of_what_follows():
    found = latency_figures(arrivals([0.5] + [0.1] * 19 + [0.02] * 20))
    assert found["latency_ms_first"] == 500
    assert found["latency_ms"]["p50"] == pytest.approx(100, abs=81)
    assert found["latency_ms_steady"] == {"p50": 20, "p95": 20, "p99": 20}
    assert found["rate_hz"] == pytest.approx(10)
    assert found["jitter_ms_p95"] == pytest.approx(0, abs=1e-6)
    assert found["people_mean"] == 2


def test_a_latency_that_stamps_do_not_tell_is_left_out():
    found = latency_figures(arrivals([0.1, math.nan, 0.3]))
    assert found["latency_ms"]["p50"] == pytest.approx(200)
    assert latency_figures([]) == {"messages": 0}


def test_every_image_is_somewhere():
    counts = {"images_received": "90", "images_processed": "60", "images_dropped": "30"}
    found = image_figures(100, counts)
    assert found["dropped_by_dds"] == 10 and found["dropped_by_mailbox"] == 30
    assert lost_share(found) == pytest.approx(0.4)


@pytest.mark.parametrize("capacity", [0.3, 0.9, 1.0, 1.7, 6.1])
def test_the_peak_is_found_to_a_tenth(capacity):
    def measure(rate):
        return {"images": {"sent": 1000, "processed": round(1000 * min(1, capacity / rate))}}

    peak, runs = find_peak(measure)
    limit = capacity / 0.95
    assert limit / 1.1 <= peak <= limit * 1.001
    assert len(runs) < 12


def test_machines_that_never_lose_or_always_do_end_the_search():
    kept, lost = ({"images": {"sent": 10, "processed": n}} for n in (10, 0))
    assert find_peak(lambda rate: kept)[0] == FASTEST
    assert find_peak(lambda rate: lost)[0] is None


def test_the_use_of_a_process_is_read():
    import os

    before = look_at(os.getpid())
    sum(k * k for k in range(2_000_000))
    assert 0.1 < look_at(os.getpid()).cores_since(before) < 8
    assert peak_memory(os.getpid()) > 10

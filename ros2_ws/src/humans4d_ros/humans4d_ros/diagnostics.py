"""What the node has seen and done, and the DiagnosticStatus that says so (REP-107)."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

#: Latencies are those of this many last images.
WINDOW = 100


class Statistics:
    """Counts since the node started. Thread-safe: the executor and the worker both write."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = Counter(received=0, processed=0, dropped=0, refused=0)
        self._refused_for: Counter[str] = Counter()
        self._time_jumps = 0
        self._people = 0
        self._latencies: deque[float] = deque(maxlen=WINDOW)
        self._node_seconds: deque[float] = deque(maxlen=WINDOW)
        self._last_error = ""
        self._reported = self._counts.copy()
        self._reported_at = time.monotonic()

    def image_received(self, dropped_another: bool) -> None:
        with self._lock:
            self._counts["received"] += 1
            self._counts["dropped"] += dropped_another

    def image_refused(self, reason: str, error: str) -> int:
        """Returns how often there was this reason, this time included."""
        with self._lock:
            self._counts["refused"] += 1
            self._refused_for[reason] += 1
            self._last_error = error
            return self._refused_for[reason]

    def image_processed(self, people: int, latency: float, node_seconds: float) -> None:
        """`latency` and `node_seconds` as in TrackedPeople; a NaN latency is left out."""
        with self._lock:
            self._counts["processed"] += 1
            self._people = people
            self._node_seconds.append(node_seconds)
            if not math.isnan(latency):
                self._latencies.append(latency)

    def time_jumped_back(self) -> None:
        with self._lock:
            self._time_jumps += 1

    def status(self, name: str, state: str, failure: str, about: dict[str, str]):
        """DiagnosticStatus; rates and level are of the time since the last call.

        `state`: the lifecycle's; `failure`: why it could not be configured, or empty; `about`: what
        the node runs.
        """
        with self._lock:
            now = time.monotonic()
            seconds = max(now - self._reported_at, 1e-3)
            recent = {key: self._counts[key] - self._reported[key] for key in self._counts}
            self._reported, self._reported_at = self._counts.copy(), now
            level, message = _judgement(state, failure, recent)
            values = {
                "state": state,
                **about,
                "input_rate_hz": f"{recent['received'] / seconds:.2f}",
                "output_rate_hz": f"{recent['processed'] / seconds:.2f}",
                **{f"images_{key}": str(count) for key, count in self._counts.items()},
                **{
                    f"images_refused_{reason}": str(count)
                    for reason, count in sorted(self._refused_for.items())
                },
                "people": str(self._people),
                **_percentiles("latency", self._latencies),
                **_percentiles("node", self._node_seconds),
                "time_jumps_back": str(self._time_jumps),
                "last_error": failure or self._last_error,
            }
        return DiagnosticStatus(
            level=level,
            name=name,
            message=message,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )


def _judgement(state: str, failure: str, recent: dict[str, int]) -> tuple[bytes, str]:
    if failure:
        return DiagnosticStatus.ERROR, f"not configured: {failure}"
    if state != "active":
        return DiagnosticStatus.OK, state
    if recent["refused"] and not recent["processed"]:
        return DiagnosticStatus.ERROR, "every image was refused: see last_error"
    if recent["refused"]:
        return DiagnosticStatus.WARN, f"{recent['refused']} images were refused: see last_error"
    if not recent["received"]:
        return DiagnosticStatus.WARN, "no images come"
    return DiagnosticStatus.OK, "working"


def _percentiles(name: str, seconds: deque[float]) -> dict[str, str]:
    if not seconds:
        return {f"{name}_p50_s": "unknown", f"{name}_p95_s": "unknown"}
    p50, p95 = np.percentile(seconds, (50, 95))
    return {f"{name}_p50_s": f"{p50:.4f}", f"{name}_p95_s": f"{p95:.4f}"}

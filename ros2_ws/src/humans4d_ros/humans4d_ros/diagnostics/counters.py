"""What the node has seen and done: counts, rates and latencies for the diagnostics (REP-107)."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

from humans4d_core.io.images.image_health import ImageLook
from humans4d_core.types import TrackState

#: Latencies are those of this many last images.
WINDOW = 100
#: Rates are over this many last reports.
RATE_REPORTS = 5


@dataclass(frozen=True)
class Report:
    """What happened; `recent` since the last report, rates over a few of them."""

    #: images received, processed, dropped, skipped, refused; late and stamped_on_arrival where
    #: there were any since the start
    recent: dict[str, int]
    input_rate: float  #: Hz
    output_rate: float  #: Hz; NaN until there was time to measure it
    silence: float  #: s since the last image came, or since the node was activated
    #: s from stamp to publication, from arrival where stamps say nothing; or NaN.
    latency_p95: float
    values: dict[str, str]  #: what diagnostics show
    #: Images that the middleware lost, of those that were sent, over a few reports.
    lost: int = 0
    sent: int = 0
    looks_wrong: tuple[str, ...] = ()  #: what is the matter with the last image, if anything
    #: s since when every image has had boxes that surely show people but became no body.
    without_body_seconds: float = 0.0


class Counters:
    """Counts since the node started. Thread-safe: the executor and the worker both write."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = Counter(received=0, processed=0, dropped=0, skipped=0, lost=0, refused=0)
        self._refused_for: Counter[str] = Counter()
        self._inputs_refused: Counter[str] = Counter()
        self._withheld = Counter(people=0, velocities=0)
        self._time_jumps = 0
        self._callbacks_failed = 0
        self._boxes = Counter(without_body=0, left_out=0)
        self._states, self._oldest_pose = np.zeros(0, np.uint8), 0.0
        self._latencies: deque[float] = deque(maxlen=WINDOW)
        self._node_seconds: deque[float] = deque(maxlen=WINDOW)
        self._last_error, self._last_error_at = "", math.nan
        self._begin()

    def activated(self) -> None:
        """The node begins to listen: rates, latencies and silence are counted from now."""
        with self._lock:
            self._latencies.clear()
            self._node_seconds.clear()
            self._begin()

    def _begin(self) -> None:
        self._look: ImageLook | None = None
        self._without_body_since = math.nan
        self._last_image_at = now = time.monotonic()
        self._reports: deque[tuple[float, Counter[str]]] = deque(maxlen=RATE_REPORTS)
        self._reports.append((now, self._counts.copy()))

    def image_received(self, dropped_another: bool) -> None:
        with self._lock:
            self._counts["received"] += 1
            self._counts["dropped"] += dropped_another
            self._last_image_at = time.monotonic()

    def image_skipped(self) -> None:
        """It came earlier than `max_rate` wants."""
        with self._lock:
            self._counts["received"] += 1
            self._counts["skipped"] += 1
            self._last_image_at = time.monotonic()

    def image_late(self, is_received: bool = False) -> None:
        """Not later than one before it: it is left out. is_received: it was counted as that."""
        with self._lock:
            self._counts["received"] += not is_received
            self._counts["late"] += 1
            self._last_image_at = time.monotonic()

    def image_stamped_on_arrival(self) -> None:
        """Its own stamp says nothing."""
        with self._lock:
            self._counts["stamped_on_arrival"] += 1

    def people_withheld(self, people: int, velocities: int) -> None:
        """Their numbers cannot be: people who are not published, velocities told as unknown."""
        with self._lock:
            self._withheld["people"] += people
            self._withheld["velocities"] += velocities

    def images_lost(self, count: int) -> None:
        """The middleware had them and threw them away before the node got them."""
        with self._lock:
            self._counts["lost"] += count

    def image_looked_at(self, look: ImageLook) -> None:
        """What the image looks like, whether or not it can be used."""
        with self._lock:
            self._look = look

    def image_without_depth(self) -> None:
        """It is processed without; counted only where depth is wanted."""
        with self._lock:
            self._counts["without_depth"] += 1

    def input_refused(self, kind: str, error: str) -> None:
        """A message that is not an image: "camera_info", "transform", "boxes", "depth"."""
        with self._lock:
            self._inputs_refused[kind] += 1
            self._last_error, self._last_error_at = error, time.monotonic()

    def callback_failed(self, error: str) -> None:
        """Something of a stranger, or a mistake of ours, broke a callback; the node goes on."""
        with self._lock:
            self._callbacks_failed += 1
            self._last_error, self._last_error_at = error, time.monotonic()

    def image_refused(self, reason: str, error: str) -> int:
        """Returns how often there was this reason, this time included."""
        with self._lock:
            self._counts["refused"] += 1
            self._refused_for[reason] += 1
            self._last_error, self._last_error_at = error, time.monotonic()
            return self._refused_for[reason]

    def boxes_unused(self, without_body: int, left_out: int) -> None:
        """Of a processed image: boxes that became nothing, see pipeline.Result."""
        with self._lock:
            self._boxes.update(without_body=without_body, left_out=left_out)
            if not without_body:
                self._without_body_since = math.nan
            elif math.isnan(self._without_body_since):
                self._without_body_since = time.monotonic()

    def pose_ages(self, ages: np.ndarray) -> None:
        """Of the people whom a processed image shows: s since their poses were recovered, (N,)."""
        with self._lock:
            self._oldest_pose = float(ages.max(initial=0.0))

    def image_processed(self, states: np.ndarray, latency: float, node_seconds: float) -> None:
        """`states` of the tracks, (N,) TrackState; `latency` and `node_seconds` as in
        TrackedPeople; a NaN latency is left out."""
        with self._lock:
            self._counts["processed"] += 1
            self._states = states
            self._node_seconds.append(node_seconds)
            if not math.isnan(latency):
                self._latencies.append(latency)

    def everybody_left(self) -> None:
        """The tracks were ended."""
        with self._lock:
            self._states = np.zeros(0, np.uint8)

    def time_jumped_back(self) -> None:
        with self._lock:
            self._time_jumps += 1

    def report(self) -> Report:
        """What happened until now; the next report starts from here."""
        with self._lock:
            now, counts = time.monotonic(), self._counts.copy()
            then, before = self._reports[0]
            seconds = now - then
            recent = {key: counts[key] - self._reports[-1][1][key] for key in counts}
            self._reports.append((now, counts))
            lost = counts["lost"] - before["lost"]
            input_rate = (counts["received"] - before["received"]) / max(seconds, 1e-3)
            output_rate = (counts["processed"] - before["processed"]) / max(seconds, 1e-3)
            p95s = [_percentile(s, 95) for s in (self._latencies, self._node_seconds)]
            states = Counter(self._states.tolist())
            values = {
                "input_rate_hz": f"{input_rate:.2f}",
                "output_rate_hz": f"{output_rate:.2f}",
                **{f"images_{key}": str(count) for key, count in counts.items()},
                "images_late": str(counts["late"]),
                **{
                    f"images_refused_{reason}": str(count)
                    for reason, count in sorted(self._refused_for.items())
                },
                **{
                    f"{kind}_refused": str(count)
                    for kind, count in sorted(self._inputs_refused.items())
                },
                **(self._look.values if self._look else {}),
                "people": str(states[TrackState.CONFIRMED] + states[TrackState.OCCLUDED]),
                "tracks": str(len(self._states) - states[TrackState.LOST]),
                "oldest_pose_s": _shown(self._oldest_pose, 2),
                **{f"boxes_{key}": str(count) for key, count in self._boxes.items()},
                **_percentiles("latency", self._latencies),
                **_percentiles("node", self._node_seconds),
                "callbacks_failed": str(self._callbacks_failed),
                "time_jumps_back": str(self._time_jumps),
                **{f"{what}_withheld": str(count) for what, count in self._withheld.items()},
                "last_error": self._last_error,
                "last_error_seconds_ago": _shown(now - self._last_error_at, 1),
            }
            return Report(
                recent,
                input_rate,
                output_rate if seconds > 1.0 else math.nan,
                now - self._last_image_at,
                p95s[0] if not math.isnan(p95s[0]) else p95s[1],
                values,
                lost,
                lost + counts["received"] - before["received"],
                self._look.findings if self._look else (),
                np.nan_to_num(now - self._without_body_since),
            )


def _percentile(seconds: deque[float], percent: float) -> float:
    return float(np.percentile(seconds, percent)) if seconds else math.nan


def _percentiles(name: str, seconds: deque[float]) -> dict[str, str]:
    return {f"{name}_p{p}_s": _shown(_percentile(seconds, p), 4) for p in (50, 95, 99)}


def _shown(value: float, digits: int) -> str:
    return "unknown" if math.isnan(value) else f"{value:.{digits}f}"

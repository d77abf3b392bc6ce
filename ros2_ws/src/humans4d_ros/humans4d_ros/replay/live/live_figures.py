"""What one replay at pace came to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Percentiles of latencies that are told.
PERCENTILES = (50, 95, 99)
#: s after the first people that count as the beginning: caches and compilers warm up.
BEGINNING = 2.0


@dataclass(frozen=True)
class Arrival:
    """One message of people."""

    at: float  #: s, monotonic, when it arrived here
    latency: float  #: s from the image's stamp to publication, by the node
    node_seconds: float  #: s from the image's arrival at the node to publication
    people: int


def latency_figures(arrivals: list[Arrival]) -> dict[str, object]:
    """Latencies in milliseconds, of all, of the first and of what follows the beginning."""
    if not arrivals:
        return {"messages": 0}
    times = np.array([arrival.at for arrival in arrivals])
    latency = 1e3 * np.array([arrival.latency for arrival in arrivals])
    steady = times - times[0] >= BEGINNING
    intervals = np.diff(times)
    usual = float(np.median(intervals)) if len(intervals) else 0.0
    off = 1e3 * np.abs(intervals - usual)
    return {
        "messages": len(arrivals),
        "people_mean": round(float(np.mean([a.people for a in arrivals])), 2),
        "latency_ms": _percentiles(latency),
        "latency_ms_first": round(float(latency[0]), 2),
        "latency_ms_steady": _percentiles(latency[steady]),
        "node_ms": _percentiles(1e3 * np.array([a.node_seconds for a in arrivals])),
        "rate_hz": round(1 / usual, 2) if usual else None,
        "jitter_ms_p95": round(float(np.percentile(off, 95)), 2) if len(off) else None,
    }


def image_figures(sent: int, counts: dict[str, str]) -> dict[str, int]:
    """Where images went; counts: the node's own, as diagnostics show them."""

    def count(name: str) -> int:
        return int(counts.get(f"images_{name}", "0"))

    return {
        "sent": sent,
        "received": count("received"),
        "processed": count("processed"),
        "dropped_by_dds": max(0, sent - count("received")),
        "dropped_by_mailbox": count("dropped"),
        "late": count("late"),
        "refused": count("refused"),
    }


def lost_share(figures: dict[str, int]) -> float:
    """Of what was sent, how much did not become people."""
    return 1 - figures["processed"] / max(figures["sent"], 1)


def _percentiles(values: np.ndarray) -> dict[str, float | None]:
    values = values[np.isfinite(values)]
    return {
        f"p{percent}": round(float(np.percentile(values, percent)), 2) if len(values) else None
        for percent in PERCENTILES
    }

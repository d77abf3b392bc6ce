"""A figure with its interval: statistics of errors, resampled by whole people.

Errors of one person in one clip depend on each other, so people are drawn, and not errors (cluster
bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Times that people are drawn, and the share of the figures that the interval holds.
RESAMPLES = 400
COVERED = 0.95
#: Everything; see `bands.py` for parts of it.
ALL = "all"
#: Statistics of errors that are reported.
STATISTICS = ("mean", "rms", "p50", "p95", "max")
_BINS = 4000


@dataclass(frozen=True)
class Figure:
    """One number of an evaluation."""

    name: str  #: such as "position_error.p50"
    value: float | None  #: None: there is nothing to tell it from
    unit: str  #: "m", "m/s", "rad", "%", "1/min", "s", "" (a count or a ratio)
    where: str = ALL  #: the part of the rows that it is of
    low: float | None = None  #: of the 95 % interval; None: there is none, as of one clip's HOTA
    high: float | None = None
    count: int = 0  #: rows, or what else it is of

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "name": self.name, "where": self.where, "value": _plain(self.value), "unit": self.unit,
            "low": _plain(self.low), "high": _plain(self.high), "count": self.count,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, content: dict) -> Figure:
        """Of `as_dict`."""
        return cls(**content)


def generator(name: str) -> np.random.Generator:
    """The same draws for one name in every run."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def error_figures(
    name: str,
    errors: np.ndarray,
    groups: np.ndarray,
    unit: str,
    where: str = ALL,
    statistics: Sequence[str] = STATISTICS,
) -> list[Figure]:
    """Statistics of errors (R,), 0 or more, of `groups` (R,): whole numbers, one a person and clip.

    Errors that are NaN are left out.
    """
    known = np.isfinite(errors)
    errors, groups = errors[known], groups[known]
    count = len(errors)
    if not count:
        return [Figure(f"{name}.{each}", None, unit, where) for each in statistics]
    values = _statistics(errors)
    spread = _resampled(errors, groups, generator(name + where))
    return [
        Figure(f"{name}.{each}", values[each], unit, where, *spread.get(each, (None, None)), count)
        for each in statistics
    ]


def mean_figure(
    name: str,
    values: np.ndarray,
    groups: np.ndarray,
    unit: str,
    where: str = ALL,
    scale: float = 1.0,
) -> Figure:
    """The mean of values (R,), such as hits and misses, times `scale`; NaN are left out."""
    known = np.isfinite(values)
    values, groups = values[known].astype(np.float64), groups[known]
    if not len(values):
        return Figure(name, None, unit, where)
    numbers = _numbered(groups)
    sums, counts = np.bincount(numbers, values), np.bincount(numbers)
    low, high = interval(_means(sums, counts, generator(name + where)))
    mean = float(values.mean())
    return Figure(
        name, scale * mean, unit, where, _scaled(low, scale), _scaled(high, scale), len(values)
    )


def rate_figure(name: str, events: np.ndarray, minutes: np.ndarray, where: str = ALL) -> Figure:
    """Events a minute of G people or clips, by events (G,) and minutes (G,) of each."""
    total = float(minutes.sum())
    count = int(events.sum())
    if not total:
        return Figure(name, None, "1/min", where, count=count)
    drawn = drawn_counts(len(events), generator(name + where))
    times = drawn @ minutes if len(drawn) else np.zeros(0)
    rates = np.divide(drawn @ events, times, out=np.full(len(times), np.nan), where=times > 0)
    return Figure(name, count / total, "1/min", where, *interval(rates), count)


def interval(values: np.ndarray) -> tuple[float | None, float | None]:
    """The middle COVERED of resampled values; (None, None) where they say nothing."""
    values = values[np.isfinite(values)]
    if len(values) < RESAMPLES // 2:
        return None, None
    tail = 50 * (1 - COVERED)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def drawn_counts(groups: int, rng: np.random.Generator) -> np.ndarray:
    """How often each of G groups is drawn: (RESAMPLES, G). Of one group: nothing can be told."""
    if groups < 2:
        return np.zeros((0, groups))
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)


def _statistics(errors: np.ndarray) -> dict[str, float]:
    p50, p95 = np.percentile(errors, [50, 95])
    return {
        "mean": float(errors.mean()), "rms": float(np.sqrt((errors**2).mean())),
        "p50": float(p50), "p95": float(p95), "max": float(errors.max()),
    }  # fmt: skip


def _resampled(
    errors: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> dict[str, tuple[float | None, float | None]]:
    """Intervals of mean, rms, p50 and p95; percentiles from a histogram, fine as 1 in 4000."""
    numbers = _numbered(groups)
    size = int(numbers.max()) + 1
    drawn = drawn_counts(size, rng)
    if not len(drawn):
        return {}
    counts = np.bincount(numbers)
    total = drawn @ counts
    means = drawn @ np.bincount(numbers, errors) / total
    squares = drawn @ np.bincount(numbers, errors**2) / total
    found = {"mean": interval(means), "rms": interval(np.sqrt(squares))}
    # As many errors to each bin, in their order: of few errors each is its own, however many are
    # equal.
    bins = min(_BINS, len(errors))
    place = np.empty(len(errors), np.int64)
    place[np.argsort(errors, kind="stable")] = np.arange(len(errors)) * bins // len(errors)
    values = np.bincount(place, errors) / np.bincount(place)
    drawn_bins = np.zeros((len(drawn), bins))
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(size + 1))
    for group in range(size):
        own = place[order[starts[group] : starts[group + 1]]]
        where, often = np.unique(own, return_counts=True)
        drawn_bins[:, where] += drawn[:, group, None] * often
    below = np.cumsum(drawn_bins, axis=1) / total[:, None]
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        found[name] = interval(values[(below < share).sum(1).clip(max=bins - 1)])
    return found


def _means(sums: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drawn = drawn_counts(len(sums), rng)
    return np.asarray(drawn @ sums / np.maximum(drawn @ counts, 1)) if len(drawn) else np.zeros(0)


def _numbered(groups: np.ndarray) -> np.ndarray:
    return np.unique(groups, return_inverse=True)[1].reshape(-1)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


def _plain(value: float | None) -> float | None:
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.6g}")

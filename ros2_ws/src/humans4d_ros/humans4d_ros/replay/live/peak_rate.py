"""The highest rate at which hardly an image is lost."""

from __future__ import annotations

from collections.abc import Callable

from .live_figures import lost_share

#: Share of the images that may be lost, as ros2_benchmark has it.
MOST_LOST = 0.05
#: Times the recorded pace, and runs between the last two.
SLOWEST, FASTEST, STEPS = 1 / 32, 32.0, 3


def find_peak(measure: Callable[[float], dict]) -> tuple[float | None, list[dict]]:
    """(times the recorded pace, or None where even the slowest loses too much; all runs).

    measure(rate): the figures of a run. Doubles or halves the rate until the peak lies between
    two, then halves the ratio of these STEPS times.
    """
    runs: list[dict] = []

    def is_kept_up(rate: float) -> bool:
        runs.append(measure(rate))
        return lost_share(runs[-1]["images"]) < MOST_LOST

    low = high = None
    rate = 1.0
    while (low is None or high is None) and SLOWEST <= rate <= FASTEST:
        if is_kept_up(rate):
            low, rate = rate, rate * 2
        else:
            high, rate = rate, rate / 2
    for _ in range(STEPS if low and high else 0):
        middle = (low * high) ** 0.5
        if is_kept_up(middle):
            low = middle
        else:
            high = middle
    return low, runs

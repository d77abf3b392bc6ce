"""How long it takes until people are published, and for how long that lasts.

time_to_confirmation: s from the first image that shows a true person (hidden by less than 30 %
where that is known) until somebody CONFIRMED is there; who never is does not enter, and lowers
people_found. id_life: s for which one id goes on showing one person. false_people: ids a minute of
whose rows fewer than half show anybody. lost_in_sight: times a minute that a person is shown by
nobody, seen or predicted, for longer than 1 s while in sight, after having been shown.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .error_rows import ErrorRows, numbered
from .figures import Figure, error_figures, mean_figure, rate_figure
from .scene import NOBODY, Scene

PLAIN = 0.3  #: share of a person that may be hidden in plain sight
LOST_AFTER = 1.0  # s


def life_figures(scenes: list[Scene], errors: list[ErrorRows], by_place: dict[str, bool]
                 ) -> list[Figure]:  # fmt: skip
    """errors: of each scene."""
    lives: list[float] = []
    waits, losses, minutes, false, clips = [], [], [], [], []
    found = []
    for scene, rows in zip(scenes, errors, strict=True):
        in_sight = ~(rows.hidden >= PLAIN)
        for person in np.unique(rows.person):
            own = np.flatnonzero((rows.person == person) & in_sight)
            if not len(own):
                continue
            own = own[np.argsort(rows.stamp_ns[own], kind="stable")]
            seconds = (rows.stamp_ns[own] - rows.stamp_ns[own[0]]) * 1e-9
            seen = rows.is_found[own] & rows.is_seen[own]
            found.append(seen.any())
            if seen.any():
                waits.append(seconds[seen.argmax()])
            losses.append(len(list(_losses(seconds, rows.is_found[own]))))
            minutes.append(_time_in_sight(seconds) / 60)
        lives += id_lives(rows)
        false.append(false_people(scene, by_place[scene.name]))
        clips.append(scene.minutes)
    return [
        *_figures("time_to_confirmation", waits),
        *_figures("id_life", lives),
        mean_figure(
            "people_found", np.array(found, np.float64), np.arange(len(found)), "%", scale=100
        ),
        rate_figure("false_people", np.array(false, np.float64), np.array(clips)),
        rate_figure("lost_in_sight", np.array(losses, np.float64), np.array(minutes)),
    ]


def id_lives(errors: ErrorRows) -> Iterator[float]:
    """s of each stretch of a person's time in which one id shows the person."""
    for person in np.unique(errors.person):
        own = np.flatnonzero((errors.person == person) & errors.is_found)
        own = own[np.argsort(errors.stamp_ns[own], kind="stable")]
        if not len(own):
            continue
        changes = np.flatnonzero(np.diff(errors.track_id[own])) + 1
        for part in np.split(own, changes):
            yield float((errors.stamp_ns[part[-1]] - errors.stamp_ns[part[0]]) * 1e-9)


def false_people(scene: Scene, by_place: bool) -> int:
    """Ids of whose rows fewer than half show anybody, those who do not count included."""
    people = scene.believed
    matched = scene.believed_matches(by_place)
    shown = (matched != NOBODY) | scene.is_ignored(people, matched, by_place)
    numbers = numbered(people.track_id)
    return int((np.bincount(numbers, shown) < 0.5 * np.bincount(numbers)).sum())


def _losses(seconds: np.ndarray, is_found: np.ndarray) -> Iterator[float]:
    """s of each stretch longer than LOST_AFTER that nobody shows the person any more."""
    shown = np.flatnonzero(is_found)
    if not len(shown):
        return
    ends = np.append(seconds[shown], seconds[-1])
    for gap in np.diff(ends):
        if gap > LOST_AFTER:
            yield float(gap)


def _time_in_sight(seconds: np.ndarray) -> float:
    """s, without gaps in which the person is not in sight."""
    steps = np.diff(seconds)
    return float(steps[steps <= LOST_AFTER].sum())


def _figures(name: str, values: list[float]) -> list[Figure]:
    """Statistics over people; these are drawn one by one."""
    times = np.array(values, np.float64)
    return error_figures(name, times, np.arange(len(times)), "s", statistics=("mean", "p50", "p95"))

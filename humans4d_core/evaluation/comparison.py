"""Two evaluations side by side: what changed, how surely, and where most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputFileError
from .results.evaluation_folder import EvaluationFolder
from .scores.error_rows import ErrorRows, numbered, read_errors
from .scores.figures import Figure, mean_figure

#: s that moments of one clip are apart, at least.
APART = 2.0
#: What it costs that nobody was published for a person, m: that of the likeness' end.
NOBODY_COSTS = 2.0


@dataclass(frozen=True)
class Difference:
    """One figure of both."""

    name: str
    where: str
    unit: str
    first: Figure
    second: Figure
    value: float | None  #: second minus first
    #: 95 % interval of that, from people who are in both; None: there is none for this figure
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Moment:
    """One person at one image, and how both were off."""

    clip: str
    frame: int
    stamp_ns: int
    person: int
    first: float  #: m; NOBODY_COSTS where nobody was published
    second: float


def read_figures(folder: EvaluationFolder) -> list[Figure]:
    """Of scores.json. Raises InputFileError where it is another file."""
    content = folder.read_json("scores.json")
    try:
        return [Figure.from_dict(each) for each in content["figures"]]
    except (KeyError, TypeError) as error:
        raise InputFileError(f"{folder.path}/scores.json holds no figures: {error}") from None


def compare(
    first: EvaluationFolder, second: EvaluationFolder
) -> tuple[list[Difference], list[Moment]]:
    """Figures that both have, and the moments that differ most where both have a truth."""
    others = {(f.name, f.where): f for f in read_figures(second)}
    paired: dict[str, Figure] = {}
    moments: list[Moment] = []
    places = [folder.path / "errors.parquet" for folder in (first, second)]
    if all(place.is_file() for place in places):
        mine, theirs = _common(*map(read_errors, places))
        paired, moments = _paired(mine, theirs), _moments(mine, theirs)
    differences = []
    for figure in read_figures(first):
        other = others.get((figure.name, figure.where))
        if other is None:
            continue
        value = None
        if figure.value is not None and other.value is not None:
            value = other.value - figure.value
        sure = paired.get(figure.name) if figure.where == "all" else None
        low, high = (None, None) if sure is None else (sure.low, sure.high)
        differences.append(
            Difference(figure.name, figure.where, figure.unit, figure, other, value, low, high)
        )
    if not differences:
        raise InputFileError(f"{first.path} and {second.path} have no figure in common")
    return differences, moments


def _common(first: ErrorRows, second: ErrorRows) -> tuple[ErrorRows, ErrorRows]:
    """The true rows that both have, in one order."""
    keys = numbered(*(
        np.concatenate((getattr(first, name), getattr(second, name)))
        for name in ("clip", "frame", "person")
    ))  # fmt: skip
    ours, theirs = keys[: len(first)], keys[len(first) :]
    _, row_first, row_second = np.intersect1d(ours, theirs, return_indices=True)
    return first.select(row_first), second.select(row_second)


def _paired(first: ErrorRows, second: ErrorRows) -> dict[str, Figure]:
    """Mean differences, with intervals over people, of figures that are means of rows."""
    groups = first.groups
    both = first.is_found & second.is_found
    found = second.is_found.astype(float) - first.is_found
    changes = {
        "found": (found, 100.0),
        "position_error.mean": (second.position_error - first.position_error, 1.0),
        "velocity_error.mean": (second.velocity_error - first.velocity_error, 1.0),
    }
    figures = {}
    for name, (values, scale) in changes.items():
        values = values if name == "found" else np.where(both, values, np.nan)
        figures[name] = mean_figure(name, values, groups, "", scale=scale)
    return figures


def _moments(first: ErrorRows, second: ErrorRows, most: int = 10) -> list[Moment]:
    costs = [_costs(rows) for rows in (first, second)]
    return [
        Moment(str(first.clip[row]), int(first.frame[row]), int(first.stamp_ns[row]),
               int(first.person[row]), float(costs[0][row]), float(costs[1][row]))
        for row in largest_apart(np.abs(costs[1] - costs[0]), first, most)
    ]  # fmt: skip


def _costs(rows: ErrorRows) -> np.ndarray:
    errors = np.where(rows.is_found, rows.position_error, NOBODY_COSTS)
    return np.minimum(np.nan_to_num(errors, nan=0.0), 10 * NOBODY_COSTS)


def largest_apart(values: np.ndarray, rows: ErrorRows, most: int) -> Sequence[int]:
    """Rows of the largest values above 0, APART from each other in each clip."""
    chosen: list[int] = []
    for row in np.argsort(-values, kind="stable").tolist():
        if len(chosen) == most or not values[row] > 0:
            break
        near = any(
            rows.clip[row] == rows.clip[other]
            and abs(int(rows.stamp_ns[row]) - int(rows.stamp_ns[other])) < APART * 1e9
            for other in chosen
        )
        if not near:
            chosen.append(row)
    return chosen

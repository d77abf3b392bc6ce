"""The report's plots, by plotly: each is made of so few points that the page stays light."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...errors import Humans4dError
from ..results.tables import read_columns
from ..scores.bands import DISTANCES, distance_name
from ..scores.error_rows import ErrorRows
from ..scores.figures import Figure
from ..scores.position_figures import ELLIPSES
from ..scores.scoring import ScoredClip
from ..scores.self_check import self_checks_over_time
from .moments import Moment

#: Points of a line, and lines of a plot, at most.
MOST_POINTS, MOST_LINES = 400, 200
TRUE_COLOR, OWN_COLOR, WORST_COLOR = "#555555", "#1f6fb4", "#c62828"
_LAYOUT = {
    "template": "plotly_white", "margin": {"l": 55, "r": 15, "t": 30, "b": 45}, "height": 340,
    "font": {"size": 12}, "legend": {"orientation": "h", "y": 1.12},
}  # fmt: skip


def require_plotly():
    """The module `plotly.graph_objects`. Raises Humans4dError where it is not installed."""
    try:
        import plotly.graph_objects
        import plotly.io
        import plotly.offline
    except ImportError as error:
        raise Humans4dError(
            f"plotly cannot be imported ({error}), and it draws the report: pip install "
            "'.[evaluate]' in the checkout"
        ) from None
    return plotly


def error_over_distance(figures: Sequence[Figure]):
    """p50 and p95 of the position error by distance, with their intervals; None: no truth."""
    names = [distance_name(*pair) for pair in pairwise(DISTANCES)]
    plot = _figure("distance", "m", "error on the ground, m")
    drawn = False
    for statistic, color in (("p50", OWN_COLOR), ("p95", WORST_COLOR)):
        found = {f.where: f for f in figures if f.name == f"position_error.{statistic}"}
        rows = [found[name] for name in names if name in found and found[name].value is not None]
        if not rows and (whole := found.get("all")) and whole.value is not None:
            rows = [whole]  # all are in one band
        drawn |= bool(rows)
        plot.add_bar(
            x=[f"{f.where} ({f.count})" for f in rows], y=[f.value for f in rows], name=statistic,
            marker_color=color,
            error_y=_intervals(rows),
        )  # fmt: skip
    plot.update_layout(xaxis_title="distance from the camera (rows)")
    return plot if drawn else None


def calibration_curve(figures: Sequence[Figure]):
    """Share of errors inside the ellipses, over what the ellipses promise."""
    found = {f.name: f for f in figures if f.where == "all"}
    known = [percent for percent in ELLIPSES if f"coverage.{percent}" in found]
    rows = [found[f"coverage.{percent}"] for percent in known]
    if not any(f.value is not None for f in rows):
        return None
    plot = _figure("calibration", "promised, %", "inside, %")
    plot.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="honest",
        line={"dash": "dash", "color": TRUE_COLOR},
    )  # fmt: skip
    plot.add_scatter(
        x=known, y=[f.value for f in rows], mode="lines+markers", name="published",
        line={"color": OWN_COLOR}, error_y=_intervals(rows),
    )  # fmt: skip
    return plot


def error_over_time(errors: ErrorRows, clip: str, start_ns: int, moments: Sequence[Moment]):
    """Position errors of a clip, the median and the largest of each stretch of time."""
    own = errors.select((errors.clip == clip) & np.isfinite(errors.position_error))
    if not len(own):
        return None
    seconds = (own.stamp_ns - start_ns) * 1e-9
    edges = np.linspace(seconds.min(), max(seconds.max(), seconds.min() + 1e-3), MOST_POINTS // 2)
    bins = np.digitize(seconds, edges)
    used = np.unique(bins)
    values = [own.position_error[bins == each] for each in used]
    times = [float(seconds[bins == each].mean()) for each in used]
    plot = _figure("time", "s", "error on the ground, m")
    plot.add_scatter(
        x=times, y=[float(v.max()) for v in values], mode="lines", name="largest",
        line={"color": WORST_COLOR, "width": 1},
    )  # fmt: skip
    plot.add_scatter(
        x=times, y=[float(np.median(v)) for v in values], mode="lines", name="median",
        line={"color": OWN_COLOR},
    )  # fmt: skip
    for moment in moments:
        if moment.clip == clip and moment.error is not None:
            _link(plot, (moment.stamp_ns - start_ns) * 1e-9, moment.error, moment.number)
    return plot


def self_checks(clip: ScoredClip):
    """What no truth is needed for, over time: medians of some seconds each, a row a check."""
    seconds, checks = self_checks_over_time(clip.images, clip.people)
    known = {name: each for name, each in checks.items() if np.isfinite(each[1]).any()}
    if not known:
        return None
    edges = np.linspace(seconds.min(), seconds.max() + 1e-3, MOST_POINTS // 2)
    bins = np.digitize(seconds, edges)
    plot = _figure("checks", "s", "")
    share = 1 / len(known)
    for row, (name, (unit, values)) in enumerate(reversed(known.items())):
        finite = np.isfinite(values)
        used = np.unique(bins[finite])
        plot.add_scatter(
            x=[float(seconds[bins == each].mean()) for each in used],
            y=[float(np.median(values[finite & (bins == each)])) for each in used],
            mode="lines", name=name, yaxis="y" if row == 0 else f"y{row + 1}",
            line={"color": OWN_COLOR, "width": 1}, showlegend=False,
        )  # fmt: skip
        axis = {"domain": [row * share + 0.02, (row + 1) * share - 0.02], "rangemode": "tozero",
                "title": {"text": f"{name}, {unit}", "font": {"size": 10}}}  # fmt: skip
        plot.update_layout({"yaxis" if row == 0 else f"yaxis{row + 1}": axis})
    plot.update_layout(height=120 + 110 * len(known))
    return plot


def identity_timeline(clip: ScoredClip, errors: ErrorRows | None, moments: Sequence[Moment]):
    """Who was shown by which id, over time: a line a person of the truth, or a track without it."""
    start = int(clip.images.stamp_ns.min()) if len(clip.images) else 0
    plot = _figure("ids", "s", "person" if errors is not None else "track")
    if errors is not None:
        of_clip = errors.clip == clip.name
        keys, ids, stamps = (
            values[of_clip] for values in (errors.person, errors.track_id, errors.stamp_ns)
        )
    else:
        keys, ids, stamps = clip.people.track_id, clip.people.track_id, clip.people.stamp_ns
    if not len(keys):
        return None
    order = np.lexsort((stamps, keys))
    keys, ids, seconds = keys[order], ids[order], (stamps[order] - start) * 1e-9
    names = {key: row for row, key in enumerate(np.unique(keys).tolist())}
    if errors is not None:
        _lines(plot, [(seconds, np.array([names[k] for k in keys.tolist()]), keys)], "#dddddd",
               "nobody", 5)  # fmt: skip
    shown = np.flatnonzero(ids >= 0)
    keys, ids, seconds = keys[shown], ids[shown], seconds[shown]
    breaks = np.flatnonzero((np.diff(keys) != 0) | (np.diff(ids) != 0)) + 1
    for part in np.split(np.arange(len(keys)), breaks)[:MOST_LINES]:
        if not len(part):
            continue
        number, row = int(ids[part[0]]), names[int(keys[part[0]])]
        plot.add_scatter(
            x=[float(seconds[part[0]]), float(seconds[part[-1]])], y=[row, row], mode="lines",
            line={"color": _color(number), "width": 7}, showlegend=False,
            hovertemplate=f"id {number}<extra></extra>",
        )  # fmt: skip
    for moment in moments:
        if moment.clip == clip.name and moment.person in names:
            _link(plot, (moment.stamp_ns - start) * 1e-9, names[moment.person], moment.number)
    labels = list(names)
    plot.update_yaxes(tickvals=list(range(len(labels))), ticktext=[str(k) for k in labels])
    plot.update_layout(height=min(900, 140 + 22 * len(names)))
    return plot


def map_from_above(clip: ScoredClip):
    """True ways and published ones on the ground: from the camera, or in the fixed frame."""
    plot = _figure("map", "right, m", "forward, m")
    images, ways = clip.images, 0
    poses = images.fixed_from_camera
    is_fixed = bool(len(images)) and bool(np.isfinite(poses).all())

    def level(frames: np.ndarray, places: np.ndarray) -> np.ndarray:
        rows = np.searchsorted(images.frame, frames)
        if is_fixed:
            pose = poses[rows]
            return np.asarray(
                (np.einsum("rij,rj->ri", pose[:, :, :3], places) + pose[:, :, 3])[:, :2]
            )
        return np.asarray(np.einsum("rij,rj->ri", _planes(clip)[rows], places)[:, ::-1])

    seen = clip.people.select(clip.people.state == 2)
    parts = []
    if clip.scene is not None and clip.scene.truth.has_places:
        truth = clip.scene.truth.rows
        truth = truth.select(truth.counts & np.isfinite(truth.place_cam).all(1))
        parts.append((truth.person, truth.frame, truth.place_cam, TRUE_COLOR, "true"))
    parts.append((seen.track_id, seen.frame, seen.pelvis_cam, OWN_COLOR, "published"))
    for keys, frames, places, color, name in parts:
        lines = []
        for key in np.unique(keys)[:MOST_LINES]:
            rows = np.flatnonzero(keys == key)
            rows = rows[np.argsort(frames[rows], kind="stable")]
            rows = rows[:: max(1, len(rows) // (MOST_POINTS // 4))]
            way = level(frames[rows], places[rows].astype(np.float64))
            lines.append((way[:, 0], way[:, 1], np.full(len(way), key)))
        ways += len(lines)
        if lines:
            _lines(plot, lines, color, name, 1.5)
    plot.update_yaxes(scaleanchor="x")
    if is_fixed:
        plot.update_layout(xaxis_title="x, m", yaxis_title="y, m")
    plot.update_layout(height=460)
    return plot if ways else None


def time_histogram(paths: Sequence):
    """Seconds of computing an image, of all clips; paths: of times.parquet."""
    columns = {name: (np.float32, ()) for name in ("detect", "recover", "track")}
    tables = [read_columns(path, columns) for path in paths if path.is_file()]
    total = np.concatenate(
        [np.sum([table[name] for name in columns], axis=0) for table in tables] or [np.zeros(0)]
    )
    if not len(total):
        return None
    plot = _figure("times", "ms an image", "images")
    counts, edges = np.histogram(1e3 * total, bins=60)
    plot.add_bar(x=(edges[1:] + edges[:-1]) / 2, y=counts, marker_color=OWN_COLOR)
    for percent in (50, 95):
        value = float(np.percentile(1e3 * total, percent))
        plot.add_vline(x=value, line_dash="dash", annotation_text=f"p{percent} {value:.0f} ms")
    return plot


def _intervals(figures: Sequence[Figure]) -> dict[str, list[float]]:
    """plotly's error bars of figures, none of what has no interval."""
    above, below = [], []
    for each in figures:
        value = each.value or 0.0
        above.append(0.0 if each.high is None else each.high - value)
        below.append(0.0 if each.low is None else value - each.low)
    return {"array": above, "arrayminus": below}


def _figure(name: str, x: str, y: str):
    plot = require_plotly().graph_objects.Figure()
    plot.update_layout(xaxis_title=x, yaxis_title=y, **_LAYOUT)
    return plot


def _lines(plot, lines, color: str, name: str, width: float) -> None:
    """Many lines as one trace; each is (x, y, key), and breaks where its key changes."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for x, y, keys in lines:
        last = None
        step = max(1, len(x) // (MOST_POINTS * 10))
        for each_x, each_y, key in zip(
            x[::step].tolist(), y[::step].tolist(), keys[::step].tolist(), strict=True
        ):
            if last is not None and key != last:
                xs.append(None)
                ys.append(None)
            xs.append(round(each_x, 3))
            ys.append(round(each_y, 3))
            last = key
        xs.append(None)
        ys.append(None)
    plot.add_scatter(
        x=xs, y=ys, mode="lines", name=name, line={"color": color, "width": width},
        hoverinfo="skip",
    )  # fmt: skip


def _link(plot, x: float, y: float, number: int) -> None:
    """A mark that leads to a moment's picture."""
    plot.add_annotation(
        x=x, y=y, text=f'<a href="#moment-{number}" target="_self">{number}</a>', showarrow=True,
        arrowhead=2, ax=0, ay=-22, font={"color": WORST_COLOR},
    )  # fmt: skip


def _planes(clip: ScoredClip) -> np.ndarray:
    if clip.scene is not None:
        return clip.scene.planes
    from ..scores.scene import level_axes

    return level_axes(clip.images.up_or_level)


def _color(number: int) -> str:
    from ...drawing.colors import id_color

    blue, green, red = (int(v) for v in id_color(number))
    return f"rgb({red},{green},{blue})"

"""report.html: self-contained, so that it opens anywhere."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from ...config import SETTINGS
from ...errors import Humans4dError
from ...shown_text import shown
from ..criteria import Verdict
from ..results.evaluation_folder import EvaluationFolder
from ..scores.figures import ALL, Figure
from ..scores.scoring import Scores
from . import plots
from .moments import Moment, with_pictures, worst_moments

TEMPLATE = Path(__file__).with_name("report.html.j2")
#: Clips with plots of their own, at most: each has three.
MOST_CLIPS = 12


def write_report(
    folder: EvaluationFolder, scores: Scores, verdicts: Sequence[Verdict] = ()
) -> None:
    """Write report.html into the folder. Raises Humans4dError where that cannot be."""
    plotly = plots.require_plotly()
    jinja2 = _require_jinja2()
    plan = folder.plan()
    inputs = {clip.name: clip for clip in plan.clips}
    clips = {clip.name: clip for clip in scores.clips}
    moments: list[Moment] = []
    notes = list(scores.notes)
    if scores.errors is not None:
        topic = plan.options.get("topic")
        moments, more = with_pictures(worst_moments(scores.errors), clips, inputs, topic)
        notes += more
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))

    def plot(figure) -> str:
        return plotly.io.to_html(
            figure, full_html=False, include_plotlyjs=False,
            config={"displaylogo": False, "responsive": True, "displayModeBar": False},
        )  # fmt: skip

    summaries = {name: folder.read_json(f"clips/{name}/summary.json") for name in clips}
    text = template.render(
        folder=shown(folder.path.name), clips=list(clips.values()), inputs=inputs,
        summaries=summaries, versions=next(iter(summaries.values())).get("versions", {}),
        settings={n: v for n, v in plan.settings.items()
                  if n in SETTINGS and v != SETTINGS[n].default},
        options=plan.options, notes=[shown(note, 1000) for note in notes], verdicts=verdicts,
        groups=_groups(scores.figures), by_clip=_by_clip(scores), moments=moments,
        overview=[(title, plot(figure)) for title, figure in _overview(folder, scores) if figure],
        details=[
            (name, [(title, plot(figure)) for title, figure in _of_clip(clip, scores, moments)
                    if figure])
            for name, clip in list(clips.items())[:MOST_CLIPS]
        ],
        left_out=max(0, len(clips) - MOST_CLIPS), plotly=plotly.offline.get_plotlyjs(),
    )  # fmt: skip
    path = folder.path / "report.html"
    part = path.with_name("report.html.part")
    try:
        part.write_text(text, encoding="utf-8", errors="replace")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Humans4dError(f"cannot write {shown(path)}: {error.strerror}") from None


def _require_jinja2():
    try:
        import jinja2
    except ImportError as error:
        raise Humans4dError(
            f"jinja2 cannot be imported ({error}), and it makes the report: pip install "
            "'.[evaluate]' in the checkout"
        ) from None
    return jinja2


def _overview(folder: EvaluationFolder, scores: Scores):
    times = [folder.clip(clip.name) / "times.parquet" for clip in scores.clips]
    return [
        ("Error over distance", plots.error_over_distance(scores.figures)),
        ("Is the covariance honest?", plots.calibration_curve(scores.figures)),
        ("Time of computing an image", plots.time_histogram(times)),
    ]


def _of_clip(clip, scores: Scores, moments):
    errors = scores.errors if clip.scene is not None else None
    start = int(clip.images.stamp_ns.min()) if len(clip.images) else 0
    found = [
        ("Who was shown by which id", plots.identity_timeline(clip, errors, moments)),
        ("From above", plots.map_from_above(clip)),
        ("Without a truth", plots.self_checks(clip)),
    ]
    if errors is not None:
        found.insert(0, (
            "Error over time", plots.error_over_time(errors, clip.name, start, moments)
        ))  # fmt: skip
    return found


def _groups(figures: Sequence[Figure]) -> list[tuple[str, list[Figure], list[Figure]]]:
    """(first word of the name, figures of all rows, figures of parts) in their order."""
    found: dict[str, tuple[list[Figure], list[Figure]]] = {}
    for figure in figures:
        whole, parts = found.setdefault(figure.name.partition(".")[0], ([], []))
        (whole if figure.where == ALL else parts).append(figure)
    return [(name, *rows) for name, rows in found.items()]


def _by_clip(scores: Scores) -> tuple[list[str], list[tuple[str, list[Figure | None]]]]:
    """Headings, and rows of (clip, figures): what differs from clip to clip."""
    names = [
        "image.HOTA", "image.IDF1", "image.switches", "ground.HOTA", "found",
        "position_error.p50", "position_error.p95", "coverage.95", "MPJPE.mean", "self.id_churn",
    ]  # fmt: skip
    rows = []
    for clip, figures in scores.by_clip.items():
        found = {figure.name: figure for figure in figures if figure.where == ALL}
        rows.append((clip, [found.get(name) for name in names]))
    used = [k for k in range(len(names)) if any(row[k] is not None for _, row in rows)]
    return [names[k] for k in used], [(clip, [row[k] for k in used]) for clip, row in rows]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return html.escape(f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}")

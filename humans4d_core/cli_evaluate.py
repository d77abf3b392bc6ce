"""humans4d evaluate: how well identities survive, on files and in a simulated crowd."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .errors import Humans4dError

app = typer.Typer(
    help="How well people are tracked: scores of files, and of a simulated crowd.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

#: Headings of TrackingScore's fields, and whether it is a percentage.
_SCORES = {
    "hota": ("HOTA", True), "det_a": ("DetA", True), "ass_a": ("AssA", True),
    "mota": ("MOTA", True), "idf1": ("IDF1", True), "id_switches": ("switches", False),
    "fragments": ("fragments", False), "tracks": ("tracks", False),
}  # fmt: skip


@app.command()
def tracking(
    tracks: Annotated[
        list[Path],
        typer.Argument(help="Tracks in MOT format (frame,id,x,y,w,h,...).", show_default=False),
    ],
    truth: Annotated[
        Path, typer.Option(help="The true tracks in MOT format (gt.txt).", show_default=False)
    ],
    benchmark: Annotated[
        str, typer.Option(help="Whose rules count: MOT15, MOT16, MOT17, MOT20.")
    ] = "MOT15",
    name: Annotated[
        list[str] | None,
        typer.Option(help="What the table calls the tracks, once a file.", show_default=False),
    ] = None,
    as_json: _JSON = False,
) -> None:
    """HOTA, MOTA, IDF1 and id switches of files of tracks, as TrackEval counts them."""
    from .evaluation.mot_tables import read_table
    from .evaluation.tracking_metrics import score_tracks

    labels = name or _labels(tracks)
    if len(labels) != len(tracks):
        raise Humans4dError(f"{len(labels)} names for {len(tracks)} files: give --name once a file")
    if len(set(labels)) < len(labels):
        raise Humans4dError("two files of tracks have one name: tell them apart with --name")
    tables = {label: read_table(path) for label, path in zip(labels, tracks, strict=True)}
    scores = score_tracks(tables, read_table(truth), benchmark)
    if as_json:
        typer.echo(json.dumps({label: asdict(score) for label, score in scores.items()}, indent=2))
        return
    headings = ["tracks of", *(heading for heading, _ in _SCORES.values())]
    _print_table(headings, [[label, *_cells(score)] for label, score in scores.items()])


@app.command()
def simulation(
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="Only this scenario; may be repeated.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Other seeds, other people and ways.")] = 0,
    mocap: Annotated[
        Path | None,
        typer.Option(
            help="Folder of .asf and .amc files to animate people; otherwise made-up gaits.",
            show_default=False,
        ),
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Our trackers in a simulated crowd with exact truth, beside ByteTrack where installed."""
    from rich.console import Console

    from .evaluation.scenarios import SCENARIOS
    from .evaluation.simulation import World
    from .evaluation.simulation_table import evaluate_scenarios, has_byte_track, mean_lines
    from .evaluation.tracking_metrics import require_trackeval

    require_trackeval()
    names = list(dict.fromkeys(scenario or SCENARIOS))
    for unknown in (wanted for wanted in names if wanted not in SCENARIOS):
        raise Humans4dError(f"scenario '{unknown}' is not one of {', '.join(SCENARIOS)}")
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    world = World(mocap)
    with errors.status("", spinner="line") as status:
        lines = evaluate_scenarios(names, seed, world, lambda name: status.update(name))
    if as_json:
        result = {"seed": seed, "gaits": world.gaits.source, "lines": [asdict(x) for x in lines]}
        typer.echo(json.dumps(result, indent=2))
    else:
        headings = ["scenario", "tracker", *(heading for heading, _ in _SCORES.values())]
        rows = [
            [
                line.scenario,
                line.tracker,
                *_cells(line.score),
                _metric(line.position_error),
                _metric(line.velocity_error),
                f"{line.milliseconds:.1f}",
            ]
            for line in (*lines, *(mean_lines(lines) if len(names) > 1 else ()))
        ]
        _print_table([*headings, "position m", "velocity m/s", "ms/frame"], rows)
        typer.echo(f"people animated by {world.gaits.source}; seed {seed}")
    if not has_byte_track():
        errors.print(
            "note: ByteTrack is not in the table, pip install 'humans4d[peers]' adds it",
            markup=False,
        )


def _labels(paths: list[Path]) -> list[str]:
    """File names without ending, with their folder where two are equal."""
    stems = [path.stem for path in paths]
    return [
        path.stem if stems.count(path.stem) == 1 else str(path.with_suffix("")) for path in paths
    ]


def _cells(score) -> list[str]:
    return [
        f"{getattr(score, field):.1f}" if percentage else str(getattr(score, field))
        for field, (_, percentage) in _SCORES.items()
    ]


def _metric(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Columns as wide as they need: figures to the right, words to the left."""
    widths = [max(len(row[k]) for row in (headings, *rows)) for k in range(len(headings))]
    words = [k for k in range(len(headings)) if headings[k] in ("tracks of", "scenario", "tracker")]
    for row in (headings, *rows):
        cells = (
            f"{cell:<{width}}" if k in words else f"{cell:>{width}}"
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        typer.echo("  ".join(cells).rstrip())

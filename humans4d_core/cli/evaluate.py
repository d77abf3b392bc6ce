"""humans4d evaluate: how well identities survive, on files, on boxes, and in a simulated crowd."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from .evaluate_association import association
from .evaluate_compare import compare
from .evaluate_live import live
from .evaluate_run import run, score
from .tables import print_table

app = typer.Typer(
    help="How well people are tracked: scores of files, and of a simulated crowd.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

app.command()(run)
app.command()(score)
app.command()(compare)
app.command()(live)
app.command()(association)

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

#: Headings of columns that hold words.
_WORDS = ("tracks of", "scenario", "tracker", "without")

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
    from ..evaluation.mot_tables import read_table
    from ..evaluation.tracking_metrics import score_tracks

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
    print_table(headings, [[label, *_cells(score)] for label, score in scores.items()], _WORDS)


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

    from ..evaluation.simulation_table import evaluate_scenarios, has_byte_track, mean_lines
    from ..evaluation.tracking_metrics import require_trackeval
    from ..simulation.scenarios import SCENARIOS
    from ..simulation.simulated_crowd import World

    require_trackeval()
    names = _known_scenarios(scenario, SCENARIOS)
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
        print_table([*headings, "position m", "velocity m/s", "ms/frame"], rows, _WORDS)
        typer.echo(f"people animated by {shown(world.gaits.source)}; seed {seed}")
    if not has_byte_track():
        errors.print(
            "note: ByteTrack is not in the table, pip install '.[peers]' in the checkout adds it",
            markup=False,
        )


@app.command()
def cues(
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="Only this scenario; may be repeated.", show_default=False),
    ] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(min=0, help="A seed; may be repeated. 0 otherwise.", show_default=False),
    ] = None,
    mocap: Annotated[
        Path | None,
        typer.Option(help="Folder of .asf and .amc files to animate people.", show_default=False),
    ] = None,
    sequence: Annotated[
        Path | None,
        typer.Option(
            help="A video, folder of images or bag, instead of the simulation.", show_default=False
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(help="Of the sequence: its boxes in MOT format.", show_default=False),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Of the sequence: its true tracks in MOT format.", show_default=False),
    ] = None,
    benchmark: Annotated[
        str, typer.Option(help="Of the sequence: whose rules count: MOT15, MOT16, MOT17, MOT20.")
    ] = "MOT15",
    fps: Annotated[
        float | None, typer.Option(help="Of the sequence: frames a second, for the stamps.")
    ] = None,
    intrinsics: Annotated[
        str | None,
        typer.Option(help="Of the sequence: the camera as fx,fy,cx,cy.", metavar="NUMBERS"),
    ] = None,
    as_json: _JSON = False,
) -> None:
    """What each of the tracker's cues is worth: the same people, one cue at a time switched off."""
    from rich.console import Console

    from ..evaluation.cue_ablation import cues_in_sequence, cues_in_simulation
    from ..evaluation.mot_tables import read_table
    from ..evaluation.tracking_metrics import require_trackeval
    from ..io import CameraChoice, open_source, read_mot
    from ..simulation.scenarios import SCENARIOS
    from ..simulation.simulated_crowd import World

    require_trackeval()
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    with errors.status("", spinner="line") as status:
        if sequence is not None:
            if boxes is None or truth is None:
                raise Humans4dError("a sequence needs its boxes and its truth: --boxes, --truth")
            choice = CameraChoice.from_text(None, intrinsics)
            with open_source(sequence, choice, fps) as source:
                lines = cues_in_sequence(
                    source, read_mot(boxes), read_table(truth), benchmark, status.update
                )
        else:
            names = _known_scenarios(scenario, SCENARIOS)
            lines = cues_in_simulation(names, seed or [0], World(mocap), status.update)
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], indent=2))
        return
    headings = ["without", "HOTA", "AssA", "IDF1", "switches", "tracks"]
    fields = ("hota", "ass_a", "idf1", "id_switches", "tracks")
    rows = []
    for line in lines:
        cells = [_cell(line.score, field) for field in fields]
        rows.append([line.without, *cells, *(_cell(line.people, f) for f in ("idf1", "tracks"))])
    print_table([*headings, "IDF1 by person", "persons"], rows, _WORDS)


def _known_scenarios(wanted: list[str] | None, scenarios: Iterable[str]) -> list[str]:
    """Each once, all where none is wanted. Raises Humans4dError for an unknown one."""
    names = list(dict.fromkeys(wanted or scenarios))
    for unknown in (name for name in names if name not in scenarios):
        raise Humans4dError(f"scenario '{unknown}' is not one of {', '.join(scenarios)}")
    return names


def _labels(paths: list[Path]) -> list[str]:
    """File names without ending, with their folder where two are equal."""
    stems = [path.stem for path in paths]
    return [
        path.stem if stems.count(path.stem) == 1 else str(path.with_suffix("")) for path in paths
    ]


def _cells(score) -> list[str]:
    return [_cell(score, field) for field in _SCORES]


def _cell(score, field: str) -> str:
    value = getattr(score, field)
    return f"{value:.1f}" if _SCORES[field][1] else str(value)


def _metric(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"

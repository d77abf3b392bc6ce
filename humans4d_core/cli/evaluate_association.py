"""humans4d evaluate association: who is who on boxes alone, beside other trackers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from .tables import print_table

_COUNTS = ("switches", "fragments", "tracks", "handovers", "ghosts")


def association(
    sequences: Annotated[
        list[Path],
        typer.Argument(
            help="Folders with gt.txt and det.txt (or gt/gt.txt, det/det.txt) and seqinfo.ini.",
            metavar="DIR...",
            show_default=False,
        ),
    ],
    fps: Annotated[
        float | None,
        typer.Option(help="Frames a second, instead of seqinfo.ini's.", show_default=False),
    ] = None,
    focal: Annotated[
        float | None,
        typer.Option(help="Focal length, px; otherwise 60 degrees of view.", show_default=False),
    ] = None,
    thin: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="Only every N-th frame; may be repeated, 1 = all.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting as NAME=VALUE; may be repeated.", show_default=False),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Also write the figures here.", show_default=False),
    ] = None,
) -> None:
    """Identities on boxes alone: people are stood up in them, and no image is read.

    Beside ours, as published image by image: SORT, ByteTrack, OC-SORT, BoT-SORT and C-BIoU of
    PyPI's trackers where it is installed, and perfect ids on the same boxes.
    """
    from rich.console import Console

    from ..evaluation.association.peers import has_peers
    from ..evaluation.association.sequence_scores import (
        OURS,
        PERFECT,
        Row,
        mean_row,
        sequence_scores,
    )
    from ..evaluation.association.sequences import read_sequence, thinned
    from ..evaluation.tracking_metrics import require_trackeval
    from .setting_options import pipeline_config

    require_trackeval()
    if fps is not None and not 0 < fps < 1e6:
        raise Humans4dError(f"--fps is {fps:g}: give frames a second above 0")
    if focal is not None and not 0 < focal < 1e7:
        raise Humans4dError(f"--focal is {focal:g}: give pixels above 0")
    config = pipeline_config(None, settings or [])
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    found: dict[str, dict[str, Row]] = {}
    for whole in [read_sequence(folder, fps, focal) for folder in sequences]:
        for note in whole.notes:
            errors.print(f"note: {whole.name}: {note}", markup=False)
        for step in thin or [1]:
            sequence = whole if step == 1 else thinned(whole, step)
            if sequence.name in found:
                raise Humans4dError(f"two sequences are called {sequence.name}: rename a folder")
            with errors.status(sequence.name, spinner="line"):
                found[sequence.name] = sequence_scores(sequence, config)
    trackers = list(dict.fromkeys(name for rows in found.values() for name in rows))
    means = {name: mean_row([rows[name] for rows in found.values()]) for name in trackers}
    table = [
        [sequence, name, *_cells(row.as_dict())]
        for sequence, rows in found.items()
        for name, row in rows.items()
    ]
    if len(found) > 1:
        table += [["mean", name, *_cells({**mean, "ghosts": None})] for name, mean in means.items()]
    headings = ["sequence", "tracker", *next(iter(found.values()))[OURS].as_dict()]
    print_table(headings, table, ("sequence", "tracker"))
    if json_file is not None:
        _write(
            json_file,
            {
                "sequences": {
                    name: {
                        "ours": rows[OURS].as_dict(),
                        "peers": {
                            peer: row.as_dict()
                            for peer, row in rows.items()
                            if peer not in (OURS, PERFECT)
                        },
                        "perfect_ids": rows[PERFECT].as_dict(),
                    }
                    for name, rows in found.items()
                },
                "mean": means,
            },
        )
    if not has_peers():
        errors.print(
            "note: without peers: pip install '.[peers]' in the checkout adds them", markup=False
        )


def _cells(figures: dict) -> list[str]:
    return [
        "-" if value is None
        else f"{value:.0f}" if name in _COUNTS
        else f"{value:.1f}"
        for name, value in figures.items()
    ]  # fmt: skip


def _write(path: Path, content: dict) -> None:
    try:
        path.write_text(json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise Humans4dError(f"cannot write {path}: {error.strerror or error}") from None

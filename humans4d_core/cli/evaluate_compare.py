"""humans4d evaluate compare: two evaluations side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .tables import number, print_table


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of `humans4d evaluate run`.")],
    second: Annotated[Path, typer.Argument(help="Another one, of the same inputs.")],
    everything: Annotated[
        bool, typer.Option("--all", help="All parts of the rows: distances, hiding, borders.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """What changed from one evaluation to another, how surely, and at which moments most."""
    from ..evaluation.comparison import compare as compared
    from ..evaluation.results.evaluation_folder import EvaluationFolder

    differences, moments = compared(EvaluationFolder(first), EvaluationFolder(second))
    if as_json:
        content = {
            "figures": [
                {**asdict(d), "first": d.first.as_dict(), "second": d.second.as_dict()}
                for d in differences
            ],
            "moments": [asdict(moment) for moment in moments],
        }
        typer.echo(json.dumps(content, indent=2))
        return
    rows = [
        [d.name, d.where, number(d.first.value), number(d.second.value), number(d.value),
         "" if d.low is None else f"{number(d.low)} to {number(d.high)}", d.unit]
        for d in differences
        if everything or d.where == "all"
    ]  # fmt: skip
    print_table(
        ["figure", "of", "first", "second", "change", "95 % interval", "unit"], rows,
        ("figure", "of", "95 % interval", "unit"),
    )  # fmt: skip
    if moments:
        typer.echo("\nWhere they differ most (m on the ground; 2 m where nobody was published):")
        print_table(
            ["clip", "image", "person", "first", "second"],
            [[m.clip, str(m.frame), str(m.person), f"{m.first:.2f}", f"{m.second:.2f}"]
             for m in moments],
            ("clip",),
        )  # fmt: skip

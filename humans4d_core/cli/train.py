"""humans4d train: networks that this package runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..shown_text import shown

app = typer.Typer(help="Train what runs here.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    pass


@app.command(name="landmarks-corrector")
def landmarks_corrector(
    mocap: Annotated[
        Path, typer.Option(help="Folder of CMU motion capture: .asf and .amc or .amc.xz.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The weights, .npz.")],
    pairs_folder: Annotated[
        Path | None,
        typer.Option(help="Where rendered pairs are kept, and found again. [OUTPUT's folder]"),
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="Rendered people to learn from.")] = 50_000,
    held_out: Annotated[
        int, typer.Option(min=1, help="Rendered people of held-out motions, to judge.")
    ] = 1200,
    steps: Annotated[int, typer.Option(min=1, help="Of training.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="That render at once. [one a core]")
    ] = None,
) -> None:
    """The landmarks recovery's corrector: render people, read them, learn the errors, judge."""
    from ..training.landmarks.corrector_training import CorrectorTraining
    from ..training.landmarks.make_corrector import CorrectorPlan, make_corrector

    folder = output.parent / "pairs" if pairs_folder is None else pairs_folder
    training = CorrectorTraining(steps=steps, seed=seed)
    plan = CorrectorPlan(mocap, folder, output, pairs, held_out, seed, training)
    scores = make_corrector(
        plan, processes or os.cpu_count() or 1, lambda news: typer.echo(shown(news))
    )
    for name, score in scores.items():
        typer.echo(
            f"{name:18s} PA-MPJPE {score.pa_mpjpe:6.1f} mm   MPJPE {score.mpjpe:6.1f} mm   "
            f"{score.people} people of held-out motions"
        )

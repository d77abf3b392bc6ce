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


@app.command()
def hmr2(
    config: Annotated[Path, typer.Option(help="YAML file, see configs/.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder for checkpoints, weights and the log. A "
                     "training that is there already goes on."),
    ],
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes of a CPU.")] = 1,
    progress: Annotated[bool, typer.Option(help="Show a bar.")] = True,
) -> None:  # fmt: skip
    """HMR 2.0: a network that recovers bodies from crops, and what `--checkpoint` takes of it."""
    from ..errors import Humans4dError

    try:
        import lightning  # noqa: F401
    except ImportError:
        raise Humans4dError("training needs Lightning: install humans4d's extra .[train]") from None
    from ..training.hmr2.train_hmr2 import train_hmr2
    from ..training.hmr2.training_config import read_training_config

    figures = train_hmr2(
        read_training_config(config), output, lambda news: typer.echo(shown(news, 1000)),
        progress, devices,
    )  # fmt: skip
    for name, value in figures.items():
        if name.startswith("validation/"):
            typer.echo(f"{name.removeprefix('validation/'):24s}{value:8.1f} mm")

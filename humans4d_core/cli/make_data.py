"""humans4d make-data: data to train with."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from ..shown_text import shown

app = typer.Typer(help="Make data to train with.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    pass


@app.command()
def synthetic(
    mocap: Annotated[
        Path, typer.Option(help="Folder of CMU motion capture: .asf and .amc or .amc.xz.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the shards.")],
    people: Annotated[int, typer.Option(min=1, help="To learn from.")] = 50_000,
    held_out: Annotated[
        int, typer.Option(min=1, help="Of subjects 03, 07 and 38, to judge.")
    ] = 1000,
    shard_size: Annotated[int, typer.Option(min=1, help="People of a shard.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="That render at once. [one a core]")
    ] = None,
) -> None:
    """Crops of the free body in captured poses, dressed, with exact truth, as WebDataset shards."""
    from ..training.hmr2.make_synthetic import SyntheticPlan, make_synthetic

    plan = SyntheticPlan(mocap, output, people, held_out, shard_size, seed)
    start, done = time.perf_counter(), 0

    def on_shard(name: str, count: int) -> None:
        nonlocal done
        done += count
        rate = done / (time.perf_counter() - start)
        typer.echo(f"{shown(name)}: {done} people, {rate:.0f} a second")

    make_synthetic(plan, processes or os.cpu_count() or 1, on_shard)
    typer.echo(f"{len(plan.shards())} shards in {shown(output, 1000)}")

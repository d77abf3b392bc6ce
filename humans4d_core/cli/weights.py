"""humans4d weights: look into checkpoints of HMR 2.0, convert them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..shown_text import shown

app = typer.Typer(
    help="Look into HMR 2.0 checkpoints, convert them.", no_args_is_help=True, rich_markup_mode=None
)


class Precision(str, Enum):
    """Numbers in which weights are stored."""

    fp16 = "fp16"
    bf16 = "bf16"
    fp32 = "fp32"


@app.command()
def inspect(
    file: Annotated[
        Path, typer.Argument(help="A .ckpt or .safetensors, or its folder.", show_default=False)
    ],
) -> None:
    """What is inside, whether it is complete, which licence binds it; exit code 1 if incomplete."""
    from ..recovery.hmr2.weights_conversion import inspect_weights

    report = inspect_weights(file)
    rows = [("path", str(report.path)), *report.rows()]
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        typer.echo(f"{label:{width}}  {shown(text, 2000)}")
    if report.problem is not None:
        raise typer.Exit(1)


@app.command()
def convert(
    input: Annotated[
        Path, typer.Argument(help="A .ckpt or .safetensors, or its folder.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Argument(help="The .safetensors file to write.", show_default=False)
    ],
    dtype: Annotated[
        Precision, typer.Option(help="Precision of the backbone; the rest stays as it is.")
    ] = Precision.fp16,
) -> None:
    """Make a safe file of network and body, half as large."""
    from ..recovery.hmr2.weights_conversion import LICENCE, convert_weights

    convert_weights(input, output, dtype.value)
    typer.echo(f"written: {shown(output, 4096)}, {output.stat().st_size / 1e6:,.1f} MB; {LICENCE}")

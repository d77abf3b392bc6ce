"""humans4d export: HMR 2.0 for other runtimes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown


class Format(str, Enum):
    """Kind of file to write."""

    onnx = "onnx"


class Precision(str, Enum):
    """Numbers in which the network computes."""

    fp32 = "fp32"
    fp16 = "fp16"


def export(
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The file to write; otherwise where --engine tensorrt looks for it.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="HMR 2.0's weights; otherwise searched for.")
    ] = None,
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.onnx,
    precision: Annotated[
        Precision, typer.Option(help="Of the matrices; fp16 is half as large.")
    ] = Precision.fp32,
) -> None:
    """Write HMR 2.0 as ONNX, for any number of people, and check it against PyTorch."""
    if output is None and precision is not Precision.fp32:
        raise Humans4dError("TensorRT rounds by itself: name a file (-o) for fp16")
    if output is not None and output.suffix != f".{format.value}":
        raise Humans4dError(f"{output} does not end in .{format.value}: name the file so")
    from ..recovery.hmr2 import find_checkpoint, load_checkpoint
    from ..recovery.hmr2.onnx_export import export_onnx, packages_missing

    found = find_checkpoint(checkpoint)
    if found is None:
        raise Humans4dError("no checkpoint of HMR 2.0 was found: give --checkpoint FILE")
    if missing := packages_missing():
        raise Humans4dError(missing)
    model = load_checkpoint(found)
    if output is None:
        from ..recovery.hmr2.engines.tensorrt_engine import exported_path

        output = exported_path(model)
    difference = export_onnx(model, output, precision.value)
    data = output.with_name(output.name + ".data")
    names = f"{output} and {data.name} (keep them together)" if data.exists() else str(output)
    typer.echo(f"written: {shown(names, 4096)}; differs from PyTorch by at most {difference:.1g}")

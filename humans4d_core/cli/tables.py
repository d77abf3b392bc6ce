"""Tables of figures, as the evaluation commands print them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import typer

from ..shown_text import shown


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[str]
) -> None:
    """Columns as wide as they need: figures to the right, `words` (headings) to the left."""
    rows = [[shown(cell) for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in (headings, *rows)) for k in range(len(headings))]
    left = [heading in words for heading in headings]
    for row in (headings, *rows):
        cells = (
            f"{cell:<{width}}" if is_left else f"{cell:>{width}}"
            for is_left, cell, width in zip(left, row, widths, strict=True)
        )
        typer.echo("  ".join(cells).rstrip())


def number(value: float | None) -> str:
    """Three digits that say something; "-" where there is none."""
    return "-" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"

"""A progress bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PLAIN_PERIOD_SECONDS = 15.0


@contextmanager
def progress(console: Console, title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Yields update(done, note), to be called often."""
    if not console.is_terminal:
        said = time.monotonic()

        def say(done: int, note: str) -> None:
            nonlocal said
            if time.monotonic() >= said + PLAIN_PERIOD_SECONDS:
                said = time.monotonic()
                console.print(f"{title}: {done} of {total} images {note}".rstrip())

        console.print(f"{title}: {total} images")
        yield say
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("images"),
        TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total, note="")
        yield lambda done, note: bar.update(task, completed=done, note=note)

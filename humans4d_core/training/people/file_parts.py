"""Data in files, each made whole by one process from a seed of its own: equal plans give equal
files, whatever the number of processes."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from .single_thread import one_thread

#: Kinds of files: those to learn from, and those of subjects that judge.
TRAINING, HELD_OUT = "train", "held_out"


def parts(training: int, held_out: int, size: int) -> list[tuple[str, int, int]]:
    """Kind, number and people of each file of `size` people at most."""
    return [
        (kind, number, min(size, total - number * size))
        for kind, total in ((HELD_OUT, held_out), (TRAINING, training))
        for number in range(math.ceil(total / size))
    ]


def made(
    make: Callable[..., None], arguments: Mapping[str, tuple[Any, ...]], processes: int
) -> Iterator[str]:
    """Names of `arguments` as `make` is through with them."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, one_thread) as pool:
        jobs = {pool.submit(make, *each): name for name, each in arguments.items()}
        for job in as_completed(jobs):
            job.result()
            yield jobs[job]

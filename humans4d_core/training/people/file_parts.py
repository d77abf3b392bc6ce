"""Data in files, each made whole by one process from a seed of its own: equal plans give equal
files, whatever the number of processes."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

from .captured_poses import CapturedPoses, poses_of
from .single_thread import one_thread

#: Kinds of files: those to learn from, and those of subjects that judge.
TRAINING, HELD_OUT = "train", "held_out"


class FilePlan(Protocol):
    """Where each file goes, and its seed."""

    def path(self, kind: str, number: int) -> Path: ...

    def seed_of(self, kind: str, number: int) -> int: ...


def parts(training: int, held_out: int, size: int) -> list[tuple[str, int, int]]:
    """Kind, number and people of each file of `size` people at most."""
    return [
        (kind, number, min(size, total - number * size))
        for kind, total in ((HELD_OUT, held_out), (TRAINING, training))
        for number in range(math.ceil(total / size))
    ]


def by_kind(poses: CapturedPoses) -> dict[str, CapturedPoses]:
    """Whose poses the files of a kind show. Raises Humans4dError where a kind has none."""
    return {kind: poses_of(poses, kind == HELD_OUT) for kind in (HELD_OUT, TRAINING)}


def made(
    make: Callable[[Path, CapturedPoses, int, int, bool], None],
    plan: FilePlan,
    missing: list[tuple[str, int, int]],
    people: dict[str, CapturedPoses],
    processes: int,
) -> Iterator[tuple[str, int]]:
    """Names and sizes of the `missing` of `parts`, as `make` is through with each: path, poses,
    people, seed, whether it is to learn from."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, one_thread) as pool:
        jobs = {}
        for kind, number, count in missing:
            path, seed = plan.path(kind, number), plan.seed_of(kind, number)
            job = pool.submit(make, path, people[kind], count, seed, kind == TRAINING)
            jobs[job] = path.name, count
        for job in as_completed(jobs):
            job.result()
            yield jobs[job]

"""From motion capture to shards of synthetic people, those of held-out subjects apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ...body import load_body
from ..people.captured_poses import CapturedPoses, read_poses
from ..people.file_parts import HELD_OUT, TRAINING, by_kind, made, parts
from .real_poses import write_real_poses
from .shards import write_shard
from .synthetic_people import SyntheticPeople

#: Beside the shards: what the discriminator takes for real.
REAL_POSES = "real_poses.npz"


@dataclass(frozen=True)
class SyntheticPlan:
    """What is made. Equal plans give equal shards, whatever the number of processes."""

    mocap: Path  #: folder of .asf and .amc(.xz)
    output: Path  #: train_00000.tar ... and held_out_00000.tar ...; what is there is kept
    people: int = 50_000  #: to learn from
    held_out: int = 1000  #: of subjects that are never learned from, to judge
    shard_size: int = 1000
    seed: int = 0

    def shards(self) -> list[tuple[str, int, int]]:
        """Kind, number and size of each."""
        return parts(self.people, self.held_out, self.shard_size)

    def path(self, kind: str, number: int) -> Path:
        """Of a shard."""
        return self.output / f"{kind}_{number:05d}.tar"

    def seed_of(self, kind: str, number: int) -> int:
        """Of a shard: every one has its own."""
        sequence = np.random.SeedSequence([self.seed, kind == HELD_OUT, number])
        return int(sequence.generate_state(1)[0])


def make_synthetic(
    plan: SyntheticPlan, processes: int, on_shard: Callable[[str, int], None]
) -> None:
    """Make the shards that are missing; on_shard hears the name and size of each.

    Raises InputFileError for motion capture that cannot be read, Humans4dError where it holds
    nobody to learn from or nobody to judge with.
    """
    missing = [each for each in plan.shards() if not plan.path(*each[:2]).is_file()]
    if not missing:
        return
    plan.output.mkdir(parents=True, exist_ok=True)
    poses = read_poses(plan.mocap, load_body().at_rest()[1].astype(np.float64))
    people = by_kind(poses)
    write_real_poses(plan.output / REAL_POSES, people[TRAINING].local[:, 1:])
    for name, count in made(_make, plan, missing, people, processes):
        on_shard(name, count)


def _make(path: Path, poses: CapturedPoses, count: int, seed: int, is_training: bool) -> None:
    write_shard(path, islice(SyntheticPeople(poses, seed, is_training), count))

"""From motion capture to the point corrector: poses, rendered pairs, training, figures."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...body import EMBEDDED_BODY, BodyModel, read_body_file
from ...errors import Humans4dError
from ...recovery.landmarks.kinematics import LandmarkSkeleton
from ..people.captured_poses import CapturedPoses, read_poses
from ..people.file_parts import HELD_OUT, TRAINING, by_kind, made, parts
from .corrector_training import (
    CorrectorScore,
    CorrectorTraining,
    evaluate_corrector,
    train_corrector,
)
from .rendered_pairs import PairMaker, read_pairs, save_pairs

#: Pairs of a file; a file is made by one process from a seed of its own.
CHUNK = 2500
#: Files that a plan's seed has seeds for: those that train count up, those that judge down.
SEEDS = 1000


@dataclass(frozen=True)
class CorrectorPlan:
    """What is made. Equal plans give equal pairs, whatever the number of processes."""

    mocap: Path  #: folder of .asf and .amc(.xz)
    pairs_folder: Path  #: pairs are kept there; what is there already is not made again
    weights: Path  #: .npz that is written
    pairs: int = 50_000
    held_out: int = 1200
    seed: int = 0
    training: CorrectorTraining = CorrectorTraining()

    def chunks(self) -> list[tuple[str, int, int]]:
        """Kind, number and size of each file of pairs."""
        return parts(self.pairs, self.held_out, CHUNK)

    def seed_of(self, kind: str, number: int) -> int:
        """Of a file of pairs."""
        return SEEDS * self.seed + (number if kind == TRAINING else SEEDS - 1 - number)

    def path(self, kind: str, number: int) -> Path:
        """Of a file of pairs."""
        return self.pairs_folder / f"{kind}_{self.seed}_{number:03d}.npz"


def make_corrector(
    plan: CorrectorPlan, processes: int, on_news: Callable[[str], None]
) -> dict[str, CorrectorScore]:
    """Make what is missing of the pairs, train, write the weights; figures of held-out motions.

    on_news hears what has been done. Raises InputFileError for motion capture that cannot be read.
    """
    if len(plan.chunks()) > SEEDS:
        raise Humans4dError(f"at most {SEEDS * CHUNK} pairs have seeds of their own")
    data = read_body_file(EMBEDDED_BODY, name="anny")
    landmarks = LandmarkSkeleton(data).landmarks
    plan.pairs_folder.mkdir(parents=True, exist_ok=True)
    missing = [chunk for chunk in plan.chunks() if not plan.path(*chunk[:2]).is_file()]
    if missing:
        poses = read_poses(plan.mocap, BodyModel(data).at_rest()[1].astype(np.float64))
        people = by_kind(poses)
        on_news(f"{len(poses.clips)} poses, {poses.is_held_out.sum()} of them held out")
        files = made(_make, plan, missing, people, processes)
        for done, (name, _) in enumerate(files, start=1):
            on_news(f"{name} ({done} of {len(missing)})")
    train = read_pairs([plan.path(k, n) for k, n, _ in plan.chunks() if k == TRAINING])
    judge = read_pairs([plan.path(k, n) for k, n, _ in plan.chunks() if k == HELD_OUT])
    every = max(plan.training.steps // 10, 1)

    def on_step(step: int, error: float) -> None:
        if step % every == 0:
            on_news(f"step {step} of {plan.training.steps}: mean error {1000 * error:.0f} mm")

    train_corrector(train, landmarks, plan.training, plan.weights, on_step)
    return evaluate_corrector(judge, landmarks, plan.weights)


def _make(path: Path, poses: CapturedPoses, count: int, seed: int, is_training: bool) -> None:
    pairs = PairMaker(poses, seed, is_training).make(count)
    # Whole or not at all: who is interrupted begins this file anew.
    partial = path.with_suffix(f".{os.getpid()}.part.npz")
    save_pairs(partial, pairs)
    partial.replace(path)

"""Samples as a network is fed with them: which ones each step sees, changed a little, in batches.

A step's samples depend on the seed and the step's number alone, so a training that was killed sees
after its resumption what it would have seen.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from ...errors import Humans4dError, InputFileError
from ...recovery.crops.person_crops import MEAN, STD
from .samples import ARRAYS, Sample, mirrored
from .shards import Shard
from .training_config import DataSet

#: Samples in a row that may be broken before there is no data.
MOST_BROKEN = 20

_log = logging.getLogger(__name__)

Place = tuple[int, int, int]  #: of a sample: its set, its number there, the seed of its changes


class ShardedSamples(Dataset[dict[str, torch.Tensor]]):
    """Samples of sets of shards, by their places."""

    def __init__(self, sets: Sequence[Sequence[Path]], flip: float = 0.0, color: float = 0.0):
        """flip, color: see TrainingConfig. Raises InputFileError for a shard that is none."""
        self.sets = [[Shard(path) for path in paths] for paths in sets]
        self._ends = [np.cumsum([len(shard) for shard in shards]) for shards in self.sets]
        self._flip, self._color = flip, color

    @property
    def sizes(self) -> list[int]:
        """Number of samples of each set."""
        return [int(ends[-1]) for ends in self._ends]

    def __len__(self) -> int:
        return sum(self.sizes)

    def __getitem__(self, place: Place) -> dict[str, torch.Tensor]:
        """Raises Humans4dError where MOST_BROKEN samples from there on are broken."""
        number_of_set, number, seed = place
        sample = self._sample(number_of_set, number)
        rng = np.random.default_rng(seed)
        if rng.random() < self._flip:
            sample = mirrored(sample)
        tint = rng.uniform(1 - self._color, 1 + self._color, 3).astype(np.float32)
        rgb = np.clip(sample.crop_bgr[..., ::-1] * tint, 0, 255)
        arrays = {name: torch.from_numpy(np.array(getattr(sample, name))) for name in ARRAYS}
        image = ((rgb - MEAN) / STD).transpose(2, 0, 1)
        return {"image": torch.from_numpy(np.ascontiguousarray(image, np.float32)), **arrays}

    def _sample(self, number_of_set: int, number: int) -> Sample:
        shards, ends = self.sets[number_of_set], self._ends[number_of_set]
        reason = ""
        for shift in range(MOST_BROKEN):
            row = (number + shift) % int(ends[-1])
            k = int(np.searchsorted(ends, row, side="right"))
            try:
                return shards[k][row - int(ends[k]) + len(shards[k])]
            except InputFileError as error:
                reason = str(error)
                _log.warning("skipped: %s", reason)
        raise Humans4dError(f"{MOST_BROKEN} samples in a row are broken; the last: {reason}")


class RandomPlaces(Sampler[list[Place]]):
    """Batches of places of steps `start` to `steps`, sets drawn by their weights."""

    def __init__(
        self,
        sizes: Sequence[int],
        sets: Sequence[DataSet],
        batch_size: int,
        steps: int,
        seed: int,
        start: int = 0,
        rank: int = 0,
        processes: int = 1,
    ):
        """batch_size: of each of `processes`; this one is number `rank`."""
        weights = np.array([each.weight for each in sets])
        self._shares = weights / weights.sum()
        self._sizes, self._batch_size = np.array(sizes), batch_size
        self._steps, self._seed, self.start = steps, seed, start
        self._rank, self._processes = rank, processes

    def __len__(self) -> int:
        return self._steps  # Lightning counts those before `start`, too

    def __iter__(self) -> Iterator[list[Place]]:
        count = self._batch_size * self._processes
        own = slice(self._rank * self._batch_size, (self._rank + 1) * self._batch_size)
        for step in range(self.start, self._steps):
            rng = np.random.default_rng([self._seed, step])
            kinds = rng.choice(len(self._sizes), size=count, p=self._shares)
            rows = (rng.random(count) * self._sizes[kinds]).astype(np.int64)
            seeds = rng.integers(2**62, size=count)
            columns = (column[own].tolist() for column in (kinds, rows, seeds))
            yield list(zip(*columns, strict=True))

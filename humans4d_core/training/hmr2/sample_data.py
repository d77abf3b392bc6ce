"""Samples as a network is fed with them: which ones each step sees, changed a little, in batches.

A step's samples depend on the seed and the step's number alone, so a training that was killed sees
after its resumption what it would have seen.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from ...errors import Humans4dError, InputFileError
from ...recovery.crops.person_crops import MEAN, STD
from .coco_people import CocoPeople
from .samples import ARRAYS, Sample
from .shards import Shard
from .training_config import DataSet

#: Samples in a row that may be broken before there is no data.
MOST_BROKEN = 20

_log = logging.getLogger(__name__)

Place = tuple[int, int, int]  #: of a sample: its set, its number there, the seed of its changes


class People(Protocol):
    """Samples of one file."""

    path: Path
    problems: list[str]  #: what was left out, and why

    def __len__(self) -> int: ...

    def sample(self, number: int, rng: np.random.Generator | None, flip: bool) -> Sample:
        """One of them; rng: of changes of the crop, None: there are none. Raises InputFileError
        for one that is broken."""
        ...


class Samples(Dataset[dict[str, torch.Tensor]]):
    """Samples of several sets, by their places."""

    def __init__(self, sets: Sequence[DataSet], flip: float = 0.0, color: float | None = None):
        """flip, color: see TrainingConfig; color None: nothing is changed. Raises InputFileError
        for a file that holds no samples."""
        self.sets: list[list[People]] = [_people(each) for each in sets]
        self._ends = [np.cumsum([len(people) for people in files]) for files in self.sets]
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
        rng = None if self._color is None else np.random.default_rng(seed)
        flip = rng is not None and bool(rng.random() < self._flip)
        sample = self._sample(number_of_set, number, rng, flip)
        rgb = sample.crop_bgr[..., ::-1].astype(np.float32)
        if rng is not None and self._color is not None:
            rgb *= rng.uniform(1 - self._color, 1 + self._color, 3).astype(np.float32)
        arrays = {name: torch.from_numpy(np.array(getattr(sample, name))) for name in ARRAYS}
        image = ((np.clip(rgb, 0, 255) - MEAN) / STD).transpose(2, 0, 1)
        return {"image": torch.from_numpy(np.ascontiguousarray(image, np.float32)), **arrays}

    def _sample(
        self, number_of_set: int, number: int, rng: np.random.Generator | None, flip: bool
    ) -> Sample:
        files, ends = self.sets[number_of_set], self._ends[number_of_set]
        reason = ""
        for shift in range(MOST_BROKEN):
            row = (number + shift) % int(ends[-1])
            k = int(np.searchsorted(ends, row, side="right"))
            try:
                return files[k].sample(row - int(ends[k]) + len(files[k]), rng, flip)
            except InputFileError as error:
                reason = str(error)
                _log.warning("skipped: %s", reason)
        raise Humans4dError(f"{MOST_BROKEN} samples in a row are broken; the last: {reason}")


def _people(data: DataSet) -> list[People]:
    if data.images is None:
        return [Shard(path) for path in data.paths]
    return [CocoPeople(path, data.images) for path in data.paths]


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

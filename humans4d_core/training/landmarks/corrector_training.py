"""Training of the point corrector on rendered pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...evaluation.pose_metrics import mpjpe, pa_mpjpe
from ...recovery.landmarks.point_corrector import REACH, PointCorrector, features, side_swap
from .rendered_pairs import Pairs

#: Landmarks that figures are of: shoulders, elbows, wrists, hips, knees, ankles.
JUDGED = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


@dataclass(frozen=True)
class CorrectorTraining:
    """How it is trained."""

    width: int = 384
    blocks: int = 3
    dropout: float = 0.25
    batch: int = 256
    steps: int = 20_000
    learning_rate: float = 1e-3
    weight_decay: float = 2e-2
    roll_sigma: float = 0.1  #: rad, by which people are turned in the image
    ray_noise: float = 0.01  #: of a person's size
    world_noise: float = 0.008  #: m
    spread_weight: float = 0.05  #: of the loss of the errors' spread
    seed: int = 0


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(dropout)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.drop(nn.functional.gelu(self.first(self.norm(x)))))


class _Head(nn.Module):
    def __init__(self, width: int, outputs: int):
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, outputs)
        nn.init.zeros_(self.linear.bias)
        self.linear.weight.data *= 0.1

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.norm(x))


class CorrectorNetwork(nn.Module):
    """The network of PointCorrector: a growth, 3 K moves and K logarithms of spreads."""

    def __init__(self, num_points: int, training: CorrectorTraining):
        super().__init__()
        width = training.width
        self.inp = nn.Linear(6 * num_points + 2, width)
        self.blocks = nn.Sequential(
            *(_Block(width, training.dropout) for _ in range(training.blocks))
        )
        self.out = _Head(width, 1 + 4 * num_points)
        self.out.linear.bias.data[1 + 3 * num_points :] = math.log(0.04)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.blocks(self.inp(x)))


@dataclass(frozen=True)
class CorrectorScore:
    """Of points of people, against the truth: mm, means."""

    pa_mpjpe: float
    mpjpe: float
    people: int


def score_points(points: np.ndarray, true: np.ndarray, landmarks: np.ndarray) -> CorrectorScore:
    """points, true: (N, K, 3) m; of the JUDGED landmarks, the hips' middle at 0."""
    judged = [int(np.flatnonzero(landmarks == k)[0]) for k in JUDGED]
    hips = [judged.index(int(np.flatnonzero(landmarks == k)[0])) for k in (23, 24)]
    points, true = points[:, judged].astype(float), true[:, judged].astype(float)
    points, true = (a - a[:, hips].mean(1, keepdims=True) for a in (points, true))
    return CorrectorScore(
        float(1000 * pa_mpjpe(points, true).mean()), float(1000 * mpjpe(points, true).mean()),
        len(points),
    )  # fmt: skip


def train_corrector(
    pairs: Pairs,
    landmarks: np.ndarray,
    training: CorrectorTraining,
    path: Path,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train on the people of `pairs` that were seen; weights, float16, go to `path`.

    landmarks: (K,) of LandmarkSkeleton. Equal seeds give equal weights on one machine.
    """
    torch.manual_seed(training.seed)
    rng = np.random.default_rng(training.seed)
    pairs = pairs.select(pairs.seen)
    swap = side_swap(landmarks)
    hips = np.flatnonzero(np.isin(landmarks, (23, 24)))
    rays = pairs.rays - pairs.rays[:, hips].mean(1, keepdims=True)
    world = pairs.world - pairs.world[:, hips].mean(1, keepdims=True)
    points = pairs.points - pairs.points[:, hips].mean(1, keepdims=True)
    network = CorrectorNetwork(len(landmarks), training)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    average = {name: value.clone() for name, value in network.state_dict().items()}
    k = len(landmarks)
    for step in range(training.steps):
        rate = 0.5 + 0.5 * math.cos(math.pi * step / training.steps)
        for group in optimizer.param_groups:
            group["lr"] = training.learning_rate * min(1, step / 100) * rate + 1e-6
        rows = rng.integers(len(rays), size=training.batch)
        batch = [a[rows] for a in (rays, pairs.visibility, world, points)]
        r, v, w, p = _varied(batch, swap, training, rng)
        inputs = torch.from_numpy(features(r, v, w))
        given, true = (torch.from_numpy(a.astype(np.float32)) for a in (w, p))
        network.train()
        out = network(inputs)
        found = given * out[:, :1, None].exp() + REACH * out[:, 1 : 1 + 3 * k].reshape(-1, k, 3)
        found = found - found[:, hips].mean(1, keepdim=True)
        error = ((found - true) ** 2).sum(-1).add(1e-6).sqrt()
        spread = out[:, 1 + 3 * k :]
        likelihood = (error.detach() * torch.exp(-spread) + 3 * spread).mean()
        loss = error.mean() + training.spread_weight * likelihood
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        keep = min(0.999, step / (step + 20))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].mul_(keep).add_(value, alpha=1 - keep)
        on_step(step + 1, float(error.detach().mean()))
    np.savez_compressed(path, **{n: v.numpy().astype(np.float16) for n, v in average.items()})


def _varied(batch, swap: np.ndarray, training: CorrectorTraining, rng: np.random.Generator):
    """rays, visibility, world, points: rolled in the image, half of them mirrored, with noise."""
    rays, visibility, world, points = batch
    n = len(rays)
    mirror = rng.random(n) < 0.5
    rays, world, points = (
        np.where(mirror[:, None, None], a[:, swap] * sign, a)
        for a, sign in ((rays, (-1, 1)), (world, (-1, 1, 1)), (points, (-1, 1, 1)))
    )
    visibility = np.where(mirror[:, None], visibility[:, swap], visibility)
    angle = rng.normal(0, training.roll_sigma, n)
    turn = np.zeros((n, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 1, 0], turn[:, 0, 1], turn[:, 2, 2] = np.sin(angle), -np.sin(angle), 1
    back = turn.transpose(0, 2, 1)
    rays, world, points = rays @ back[:, :2, :2], world @ back, points @ back
    size = np.sqrt((rays**2).sum(-1).mean(1))[:, None, None]
    rays = rays + rng.normal(0, training.ray_noise, rays.shape) * size
    world = world + rng.normal(0, training.world_noise, world.shape)
    return rays, visibility, world, points


def evaluate_corrector(
    pairs: Pairs, landmarks: np.ndarray, path: Path
) -> dict[str, CorrectorScore]:
    """Of people who were seen: the network's own points, and the corrected ones."""
    pairs = pairs.select(pairs.seen)
    corrected, _ = PointCorrector(landmarks, path)(pairs.rays, pairs.visibility, pairs.world)
    return {
        "landmark network": score_points(pairs.world, pairs.points, landmarks),
        "corrected": score_points(corrected, pairs.points, landmarks),
    }

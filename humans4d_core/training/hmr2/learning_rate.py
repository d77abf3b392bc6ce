"""How the learning rate goes over a training."""

from __future__ import annotations

import math

from .training_config import TrainingConfig

#: Where a cosine ends, of where it begins.
LAST_SHARE = 0.01


def learning_rate_factor(step: int, config: TrainingConfig) -> float:
    """Of `config.learning_rate` at a step: a linear rise, then constant or half a cosine."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return 1.0
    share = (step - config.warmup_steps) / max(config.steps - config.warmup_steps, 1)
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))

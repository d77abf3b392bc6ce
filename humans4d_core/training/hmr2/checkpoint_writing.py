"""Checkpoints that are there whole or not at all: a full disk leaves the last good one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.trainer.states import TrainerFn


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the file, then takes its place."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Raises OSError where there is no room."""
        whole = Path(path)
        partial = whole.with_name(f".{whole.name}.part")
        try:
            super().save_checkpoint(checkpoint, partial, storage_options)
            partial.replace(whole)
        finally:
            partial.unlink(missing_ok=True)


class LastCheckpoint(lightning.Callback):
    """Keeps the newest state, from which a training goes on: after each validation, or every so
    many batches where nothing is validated."""

    def __init__(self, path: Path, every: int):
        self.path, self.every = path, every

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """After validations of a training."""
        if trainer.state.fn == TrainerFn.FITTING:
            trainer.save_checkpoint(self.path)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, number: int
    ) -> None:
        """Where there are no validations."""
        if not trainer.enable_validation and module.steps_done % self.every == 0:
            trainer.save_checkpoint(self.path)

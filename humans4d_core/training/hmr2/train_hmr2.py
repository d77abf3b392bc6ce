"""Training HMR 2.0: data and a configuration in, checkpoints and weights that run out."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader

from ...body import load_body
from ...body.body_module import BodyModule
from ...errors import Humans4dError
from ...recovery.hmr2.checkpoint import load_checkpoint, open_checkpoint
from ...recovery.hmr2.hmr2_model import Hmr2
from ...recovery.hmr2.weights_conversion import convert_weights
from ...untrusted_files.regular_files import read_regular
from .checkpoint_layout import to_official
from .checkpoint_writing import LastCheckpoint, WholeCheckpoints
from .hmr2_training import Hmr2Training, NotFinite
from .real_poses import read_real_poses
from .sample_data import RandomPlaces, Samples
from .training_config import DataSet, TrainingConfig, described

#: Names in the output folder.
LAST, WEIGHTS, CONFIGURATION = "last.ckpt", "hmr2.safetensors", "configuration.json"
#: Samples whose mean is the pose that a new network begins with.
MEAN_SAMPLES = 500


def train_hmr2(
    config: TrainingConfig,
    output: Path,
    on_news: Callable[[str], None],
    progress: bool = True,
    devices: int = 1,
) -> dict[str, float]:
    """Train, or go on where `output` was left; the last validation's figures by their names.

    Writes `last.ckpt`, in the layout of the original's, and `hmr2.safetensors`, which
    `--checkpoint` takes. Raises Humans4dError for data that cannot be used, for a loss that is no
    number any more, and where `output` holds a training of another configuration.
    """
    # Its news are for those who write trainings.
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    lightning.seed_everything(config.seed, verbose=False)
    torch.set_float32_matmul_precision("high")
    output.mkdir(parents=True, exist_ok=True)
    _check_same(output, config)
    samples = Samples(config.train, config.flip, config.color)
    for problem in [p for files in samples.sets for people in files for p in people.problems]:
        on_news(f"note: {problem}")
    counts = sorted({len(samples[k, 0, 0]["keypoints_2d"]) for k in range(len(samples.sets))})
    if len(counts) > 1:
        raise Humans4dError(
            f"samples have {' and '.join(map(str, counts))} keypoints: only sets with "
            "equally many can be mixed"
        )
    body = BodyModule(load_body(config.body))
    model = initial_network(config, samples, body)
    real = None if config.real_poses is None else read_real_poses(config.real_poses)
    module = Hmr2Training(config, model, counts[0], real)
    every = min(config.validate_every, config.steps)
    trainer = _trainer(config, output, every, progress, devices)
    last = output / LAST
    start = 0
    if last.is_file():
        start = _steps_of(last, 1 if real is None else 2)
        on_news(f"going on after step {start}")
    places = RandomPlaces(
        samples.sizes, config.train, config.batch_size, config.steps, config.seed, start,
        trainer.global_rank, trainer.world_size,
    )  # fmt: skip
    options: dict[str, Any] = {"num_workers": config.workers}
    if config.workers:
        options["persistent_workers"] = True
    training = DataLoader(samples, batch_sampler=places, **options)
    judging = None
    if config.validation:
        held_out = Samples([DataSet(config.validation)])
        rows = [(0, number, 0) for number in range(len(held_out))]
        judging = DataLoader(held_out, config.batch_size, sampler=rows, **options)
    try:
        trainer.fit(module, training, judging, ckpt_path=str(last) if start else None)
    except NotFinite as error:
        path = output / "not_finite.npz"
        np.savez(path, **{name: value.cpu().numpy() for name, value in error.batch.items()})
        raise Humans4dError(f"{error}: its batch is in {path}") from None
    if config.steps % every:  # else the last step's were
        trainer.save_checkpoint(last)
        if judging is not None:
            trainer.validate(module, judging, verbose=False)
    if trainer.is_global_zero:
        export(module, output / WEIGHTS)
    return {name: float(value) for name, value in trainer.logged_metrics.items()}


def initial_network(config: TrainingConfig, samples: Samples, body: BodyModule) -> Hmr2:
    """The network of `initial_weights`, or a new one that begins with the data's mean pose."""
    if config.initial_weights is not None:
        model = load_checkpoint(config.initial_weights, config.network)
        model.body = body
        return model.train().requires_grad_(True)
    model = Hmr2(config.network, body)
    for readout in (model.head.pose, model.head.shape, model.head.camera):
        nn.init.xavier_uniform_(readout.weight, gain=0.01)
        nn.init.zeros_(readout.bias)
    rng = np.random.default_rng(config.seed)
    rows = rng.integers(samples.sizes[0], size=MEAN_SAMPLES)
    chosen = [samples[0, int(row), 0] for row in rows]
    # The root's is short where people face all ways, so that it is soon turned to any.
    rotations = torch.stack([
        torch.cat((each["global_orient"][None], each["body_pose"])) for each in chosen
    ]).mean(0)  # fmt: skip
    # The first two columns, one after the other.
    model.head.mean_pose.copy_(rotations[..., :2].transpose(-1, -2).reshape(1, -1))
    model.head.mean_camera.copy_(torch.tensor([[0.9, 0.0, 0.0]]))
    return model


def export(module: Hmr2Training, path: Path) -> None:
    """The judged network and its body, as `--checkpoint` takes them; half precision."""
    judged = copy.deepcopy(module.judged).cpu().eval()
    state = {f"model.{name}": tensor for name, tensor in judged.state_dict().items()}
    official = path.with_suffix(".ckpt")
    torch.save({"state_dict": to_official(state, module.body.model.data)}, official)
    try:
        convert_weights(official, path, "fp16", module.config.network)
    finally:
        official.unlink()


def _trainer(
    config: TrainingConfig, output: Path, every: int, progress: bool, devices: int
) -> lightning.Trainer:
    callbacks: list[lightning.Callback] = [LastCheckpoint(output / LAST, every)]
    if config.validation:
        best = ModelCheckpoint(
            output, filename="best", monitor="validation/PA_MPJPE", enable_version_counter=False
        )
        callbacks.append(best)
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=20))
    return lightning.Trainer(
        accelerator="auto", devices=devices, precision=config.precision,
        strategy="auto" if devices == 1 else "ddp_find_unused_parameters_true",
        max_epochs=1, max_steps=-1, val_check_interval=every, num_sanity_val_steps=0,
        callbacks=callbacks, enable_progress_bar=progress, enable_model_summary=False,
        use_distributed_sampler=False, plugins=[WholeCheckpoints()],
        logger=CSVLogger(output, name="log"), log_every_n_steps=20, default_root_dir=output,
    )  # fmt: skip


def _steps_of(path: Path, networks: int) -> int:
    """Batches that a checkpoint has learned from."""
    with open_checkpoint(path) as checkpoint:
        return int(checkpoint.metadata["global_step"]) // networks


def _check_same(output: Path, config: TrainingConfig) -> None:
    """Raise Humans4dError where the folder holds a training of another configuration."""
    path, now = output / CONFIGURATION, described(config)
    if not path.is_file():
        path.write_text(json.dumps(now, indent=1))
        return
    before = json.loads(read_regular(path, 1_000_000))
    different = [name for name in now if before.get(name) != now[name]]
    if different:
        raise Humans4dError(
            f"{output} holds a training of another configuration, different in "
            f"{', '.join(different)}: give another output folder"
        )

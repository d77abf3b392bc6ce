"""What a training of HMR 2.0 is told: one frozen configuration, read from YAML."""

from __future__ import annotations

import glob
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from ...config.part_config import PartConfig, setting
from ...errors import Humans4dError, InputFileError
from ...recovery.hmr2.hmr2_config import Hmr2Config
from ...shown_text import shown
from ...untrusted_files.yaml_text import read_yaml
from .losses import LossWeights


@dataclass(frozen=True)
class DataSet:
    """Files that are drawn from together."""

    paths: tuple[Path, ...]  #: shards, or annotations of COCO
    weight: float = 1.0  #: share of the samples, relative to the other sets'
    images: Path | None = None  #: folder of the annotations' images; None: they are shards


@dataclass(frozen=True)
class TrainingConfig(PartConfig):
    """Raises Humans4dError for a value of another type or range."""

    part: ClassVar[str] = "training's"

    train: tuple[DataSet, ...] = ()
    validation: tuple[Path, ...] = ()  #: shards that judge and never train
    real_poses: Path | None = None  #: for the discriminator; None: there is none
    body: Path | None = None  #: SMPL's file; None: the free body
    initial_weights: Path | None = None  #: checkpoint to begin with
    network: Hmr2Config = field(default_factory=Hmr2Config)
    losses: LossWeights = field(default_factory=LossWeights)

    # fmt: off
    steps: int = setting(500_000, "Batches to learn from.", 1, 100_000_000)
    batch_size: int = setting(48, "Samples of a batch, in each process.", 1, 100_000)
    real_batch: int = setting(
        2, "Real poses that the discriminator sees for each made one.", 1, 100,
    )
    learning_rate: float = setting(1e-5, "Of AdamW, for both networks.", 1e-9, 1.0)
    weight_decay: float = setting(1e-4, "Of AdamW.", 0.0, 1.0)
    warmup_steps: int = setting(0, "Batches over which the learning rate rises.", 0, 10_000_000)
    schedule: str = setting(
        "constant", "Of the learning rate, after the rise.", choices=("constant", "cosine"),
    )
    reduction: str = setting(
        "mean", "Of losses over a batch; the original's sum makes its weights depend on it.",
        choices=("mean", "sum"),
    )
    precision: str = setting(
        "32-true", "As Lightning calls it.", choices=("32-true", "16-mixed", "bf16-mixed"),
    )
    gradient_clip: float = setting(
        0.0, "Norm of all gradients together, at most. 0: they are not cut.", 0.0, 1e6,
    )
    ema_decay: float = setting(
        0.0, "Of the running mean of weights that is judged and exported. 0: there is none.",
        0.0, 0.999999,
    )
    flip: float = setting(0.5, "Share of samples that are mirrored.", 0.0, 1.0)
    color: float = setting(0.2, "Largest change of a colour channel, relative.", 0.0, 0.9)
    validate_every: int = setting(1000, "Batches between two validations.", 1, 100_000_000)
    workers: int = setting(2, "Processes that read samples.", 0, 256)
    seed: int = setting(0, "Of everything random.", 0, 2**31)
    # fmt: on


def read_training_config(path: Path) -> TrainingConfig:
    """A configuration from a YAML file. Paths are relative to the file's folder, and may hold `*`.

    Raises InputFileError for what cannot be read, Humans4dError for a name that there is not or a
    value that cannot be.
    """
    content = read_yaml(path)
    path = path.resolve()  # a training is the same from wherever it is started
    if not isinstance(content, dict):
        raise InputFileError(f"{shown(path)} is no list of settings: name: value")
    known = {f.name for f in fields(TrainingConfig)}
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name not in known:
            raise Humans4dError(f"{shown(path)}: there is no setting '{shown(name)}'")
        values[name] = _part(path, name, value)
    config = TrainingConfig(**values)
    if not config.train:
        raise Humans4dError(f"{shown(path)}: train is empty: name shards to learn from")
    return config


def _part(path: Path, name: str, value: Any) -> Any:
    if name == "train":
        sets = value if isinstance(value, list) else [value]
        return tuple(_data_set(path, each) for each in sets)
    if name == "validation":
        return _files(path, value)
    if name in ("real_poses", "body", "initial_weights"):
        return None if value is None else path.parent / str(value)
    if name in ("network", "losses"):
        kind = Hmr2Config if name == "network" else LossWeights
        try:
            return kind(**value)
        except (TypeError, ValueError) as error:
            raise Humans4dError(f"{shown(path)}: {name}: {shown(error)}") from None
    return value


def _data_set(path: Path, value: Any) -> DataSet:
    if isinstance(value, str):
        return DataSet(_files(path, value))
    names = set(value) - {"weight"} if isinstance(value, dict) else set()
    if names not in ({"shards"}, {"coco", "images"}):
        raise Humans4dError(
            f"{shown(path)}: an entry of train is {{shards: ..., weight: ...}} or "
            "{coco: ..., images: ..., weight: ...}"
        )
    weight = value.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not weight > 0:
        raise Humans4dError(f"{shown(path)}: a weight is {shown(repr(weight))}: give one above 0")
    if "coco" in names:
        images = path.parent / str(value["images"])
        return DataSet(_files(path, value["coco"]), float(weight), images)
    return DataSet(_files(path, value["shards"]), float(weight))


def _files(path: Path, value: Any) -> tuple[Path, ...]:
    patterns = value if isinstance(value, list) else [value]
    found: list[Path] = []
    for pattern in patterns:
        matching = sorted(glob.glob(str(path.parent / str(pattern))))
        if not matching:
            raise Humans4dError(f"{shown(path)}: nothing is at {shown(pattern)}")
        found += map(Path, matching)
    return tuple(found)


def described(config: TrainingConfig) -> dict[str, str]:
    """A configuration as texts, to be compared; what may change between two runs is left out."""
    return {name: repr(value) for name, value in asdict(config).items() if name != "workers"}

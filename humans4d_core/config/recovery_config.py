"""What can be set on a recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .part_config import PartConfig, setting


@dataclass(frozen=True)
class RecoveryConfig(PartConfig):
    """Which recovery makes bodies, and what HMR 2.0 runs with."""

    part: ClassVar[str] = "recovery"

    #: Checked where the recovery is created: the registry knows the names.
    name: str = setting(
        "auto",
        "Recovers bodies: hmr2, landmarks, or upright (places alone, the fastest); auto: HMR 2.0 "
        "where a checkpoint is found, landmarks elsewhere.",
        parameter="recovery",
    )
    checkpoint: str = setting(
        "",
        "HMR 2.0's weights: a file or folder. Empty: $HUMANS4D_CHECKPOINT, ~/.cache/4DHumans.",
        parameter="checkpoint",
    )
    device: str = setting(
        "",
        "Where HMR 2.0 runs: cuda, cpu. Empty: a GPU where there is one.",
        parameter="device",
    )
    engine: str = setting(
        "auto",
        "What runs HMR 2.0, as ENGINE[:PRECISION[:TOKENS]]: docs/hmr2.md. auto: what is fastest "
        "within half a degree.",
        parameter="engine",
    )
    budget: float = setting(
        0.0,
        "Seconds that recovering bodies may take an image, as measured. Who does not fit in keeps "
        "the last body, moved to the new box, and comes in turn: new, near and doubtful people "
        "first, everybody each second where that fits. 0: everybody in every image.",
        0.0,
        10.0,
        parameter="recovery_budget",
    )
    deadline: float = setting(
        0.0,
        "Seconds from an image's stamp to the publication of its people by the node. What finding "
        "and following people, and publishing, leave of it is a budget as above. 0: none.",
        0.0,
        10.0,
        parameter="deadline",
    )

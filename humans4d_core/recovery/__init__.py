"""Recovery: image and boxes in, bodies in the camera frame out."""

from __future__ import annotations

from pathlib import Path

from ..errors import Humans4dError
from .body_recovery import Recovery

#: "auto": HMR 2.0 where a checkpoint is found, else the embedded default.
RECOVERY_NAMES = ("auto", "hmr2", "landmarks")
DEFAULT_RECOVERY = "auto"
#: What runs HMR 2.0: the fastest that is exact enough.
DEFAULT_ENGINE = "auto"


def create_recovery(
    name: str = DEFAULT_RECOVERY,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    engine: str = DEFAULT_ENGINE,
    sure_score: float = 0.0,
) -> Recovery:
    """The recovery called `name`.

    threads: of the CPU, None for all. checkpoint, device, engine: of HMR 2.0, see Hmr2Recovery;
    with "auto" a checkpoint that is named or found decides for it. sure_score: of a detection that
    surely shows a person, see LandmarksRecovery. Raises Humans4dError for an
    unknown name, ModelFileError for a checkpoint that cannot be used.
    """
    if name not in RECOVERY_NAMES:
        raise Humans4dError(
            f"no recovery is called '{name}': choose from {', '.join(RECOVERY_NAMES)}"
        )
    if name == "landmarks" or (name == "auto" and not _has_checkpoint(checkpoint)):
        from .landmarks import LandmarksRecovery

        return LandmarksRecovery(threads, sure_score)
    from .hmr2.hmr2_recovery import Hmr2Recovery

    return Hmr2Recovery(checkpoint, device, threads, engine)


def _has_checkpoint(checkpoint: str | Path | None) -> bool:
    from .hmr2.checkpoint_search import find_checkpoint

    return find_checkpoint(checkpoint) is not None


__all__ = [
    "DEFAULT_ENGINE",
    "DEFAULT_RECOVERY",
    "RECOVERY_NAMES",
    "Recovery",
    "create_recovery",
]

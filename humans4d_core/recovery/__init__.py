"""Recovery: image and boxes in, bodies in the camera frame out."""

from __future__ import annotations

from pathlib import Path

from ..config import RecoveryConfig
from ..errors import Humans4dError
from ..shown_text import shown
from .body_recovery import Recovery

#: "auto": HMR 2.0 where a checkpoint is found, else the embedded default.
RECOVERY_NAMES = ("auto", "hmr2", "landmarks")


def create_recovery(
    config: RecoveryConfig = RecoveryConfig(),  # noqa: B008 (frozen)
    threads: int | None = None,
    sure_score: float = 0.0,
) -> Recovery:
    """The recovery that a configuration names; with "auto" a checkpoint that is named or found
    decides for HMR 2.0.

    threads: of the CPU, None for all. sure_score: of a detection that surely shows a person, see
    LandmarksRecovery. Raises Humans4dError for an unknown name, ModelFileError for a checkpoint
    that cannot be used.
    """
    name, checkpoint = config.name, config.checkpoint or None
    check_recovery(name)
    if name == "landmarks" or (name == "auto" and not _has_checkpoint(checkpoint)):
        from .landmarks import LandmarksRecovery

        return LandmarksRecovery(threads, sure_score)
    from .hmr2.hmr2_recovery import Hmr2Recovery

    return Hmr2Recovery(checkpoint, config.device or None, threads, config.engine)


def check_recovery(name: str) -> None:
    """Raises Humans4dError for an unknown name."""
    if name not in RECOVERY_NAMES:
        raise Humans4dError(f"recovery is '{shown(name)}': give one of {', '.join(RECOVERY_NAMES)}")


def _has_checkpoint(checkpoint: str | Path | None) -> bool:
    from .hmr2.checkpoint_search import find_checkpoint

    return find_checkpoint(checkpoint) is not None


__all__ = [
    "RECOVERY_NAMES",
    "Recovery",
    "check_recovery",
    "create_recovery",
]

"""Recovery: image and boxes in, bodies in the camera frame out. A new one is a folder and one line
of RECOVERIES."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..config import RecoveryConfig
from ..errors import Humans4dError
from ..shown_text import shown
from .body_recovery import Recovery


def _hmr2(config: RecoveryConfig, threads: int | None, sure_score: float) -> Recovery:
    from .hmr2.hmr2_recovery import Hmr2Recovery

    return Hmr2Recovery(config.checkpoint or None, config.device or None, threads, config.engine)


def _landmarks(config: RecoveryConfig, threads: int | None, sure_score: float) -> Recovery:
    from .landmarks import LandmarksRecovery

    return LandmarksRecovery(threads, sure_score)


def _upright(config: RecoveryConfig, threads: int | None, sure_score: float) -> Recovery:
    from .upright import UprightRecovery

    return UprightRecovery()


#: Name -> what makes the recovery; loaded when one is created.
RECOVERIES: dict[str, Callable[[RecoveryConfig, int | None, float], Recovery]] = {
    "hmr2": _hmr2,
    "landmarks": _landmarks,
    "upright": _upright,
}

#: "auto": HMR 2.0 where a checkpoint is named or found, else the embedded default.
AUTO = "auto"
RECOVERY_NAMES = (AUTO, *RECOVERIES)


def create_recovery(
    config: RecoveryConfig = RecoveryConfig(),  # noqa: B008 (frozen)
    threads: int | None = None,
    sure_score: float = 0.0,
) -> Recovery:
    """The recovery that a configuration names.

    threads: of the CPU, None for all. sure_score: of a detection that surely shows a person, see
    LandmarksRecovery. Raises Humans4dError for an unknown name, ModelFileError for a checkpoint
    that cannot be used.
    """
    check_recovery(config.name)
    name = _found(config) if config.name == AUTO else config.name
    recovery = RECOVERIES[name](config, threads, sure_score)
    if not (config.budget or config.deadline):
        return recovery
    from .budget import BudgetedRecovery

    return BudgetedRecovery(recovery, config.budget or math.inf)


def check_recovery(name: str) -> None:
    """Raises Humans4dError for an unknown name."""
    if name not in RECOVERY_NAMES:
        raise Humans4dError(f"recovery is '{shown(name)}': give one of {', '.join(RECOVERY_NAMES)}")


def _found(config: RecoveryConfig) -> str:
    """What `auto` stands for here."""
    from .hmr2.checkpoint_search import find_checkpoint

    return "landmarks" if find_checkpoint(config.checkpoint or None) is None else "hmr2"


__all__ = [
    "RECOVERIES",
    "RECOVERY_NAMES",
    "Recovery",
    "check_recovery",
    "create_recovery",
]

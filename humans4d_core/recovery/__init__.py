"""Recovery: image and boxes in, bodies in the camera frame out."""

from ..errors import Humans4dError
from .base import Recovery

RECOVERY_NAMES = ("landmarks",)
DEFAULT_RECOVERY = "landmarks"


def create_recovery(name: str = DEFAULT_RECOVERY, threads: int | None = None) -> Recovery:
    """The recovery called `name`; `threads` of the CPU, None for all."""
    if name == "landmarks":
        from .landmarks import LandmarksRecovery

        return LandmarksRecovery(threads)
    raise Humans4dError(f"no recovery is called '{name}': choose from {', '.join(RECOVERY_NAMES)}")


__all__ = ["DEFAULT_RECOVERY", "RECOVERY_NAMES", "Recovery", "create_recovery"]

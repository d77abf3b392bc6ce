"""Bodies stood up in their boxes: places without landmarks and without a GPU."""

from .upright_recovery import UprightRecovery

__all__ = ["UprightRecovery"]

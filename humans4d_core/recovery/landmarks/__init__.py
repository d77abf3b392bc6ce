"""The embedded default: BlazePose landmarks fitted with the free body."""

from .recovery import LandmarksRecovery

__all__ = ["LandmarksRecovery"]

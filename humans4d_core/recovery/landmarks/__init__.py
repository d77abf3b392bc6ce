"""The embedded default: BlazePose landmarks fitted with the free body."""

from .landmarks_recovery import LandmarksRecovery

__all__ = ["LandmarksRecovery"]

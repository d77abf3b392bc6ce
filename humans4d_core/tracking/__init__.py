"""Tracking: bodies of one frame in, people with persistent ids out."""

from .tracker import Tracker, TrackerConfig

__all__ = ["Tracker", "TrackerConfig"]

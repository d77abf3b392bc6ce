"""Tracking: bodies of one frame in, people with persistent ids out."""

from .config import TrackerConfig
from .tracker import Tracker

__all__ = ["Tracker", "TrackerConfig"]

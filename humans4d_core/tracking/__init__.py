"""Tracking: bodies of one frame in, people with persistent ids out."""

from .base import PeopleTracker
from .config import TrackerConfig
from .tracker import Tracker

__all__ = ["PeopleTracker", "Tracker", "TrackerConfig"]

"""Tracking: bodies of one frame in, people with persistent ids out."""

from .people_tracker import PeopleTracker
from .tracker import Tracker
from .tracker_config import TrackerConfig

__all__ = ["PeopleTracker", "Tracker", "TrackerConfig"]

"""Tracking: bodies of one frame in, people with persistent ids out."""

from ..config import TrackerConfig
from .people_tracker import PeopleTracker
from .tracker import Tracker

__all__ = ["PeopleTracker", "Tracker", "TrackerConfig"]

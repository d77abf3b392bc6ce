"""PHALP': the tracker of "Humans in 4D", reproduced."""

from .config import PhalpConfig
from .tracker import Appearance, PhalpTracker

__all__ = ["Appearance", "PhalpConfig", "PhalpTracker"]

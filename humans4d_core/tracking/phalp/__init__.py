"""PHALP': the tracker of "Humans in 4D", reproduced."""

from .phalp_config import PhalpConfig
from .phalp_tracker import Appearance, PhalpTracker

__all__ = ["Appearance", "PhalpConfig", "PhalpTracker"]

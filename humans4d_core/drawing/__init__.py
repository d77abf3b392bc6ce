"""Tracked people drawn over images, for people to look at."""

from .colors import id_color
from .kernel_warm_up import warm_up
from .overlay import draw_overlay

__all__ = ["draw_overlay", "id_color", "warm_up"]

"""Tracked people drawn over images, for people to look at."""

from .colors import id_color
from .kernel_warm_up import warm_up
from .overlay import draw_overlay
from .privacy import private_image

__all__ = ["draw_overlay", "id_color", "private_image", "warm_up"]

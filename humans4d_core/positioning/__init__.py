"""Where people are in metres: body size, the ground they stand on and depth, made one.

    bodies of a known direction and a likely size -> measurements of their distance -> fused bodies

A single image fixes a person's direction. How far away they are follows from how large people are,
and better from the ground and from depth, where the Frame has them. Each says so as a Gaussian.
"""

from .bodies_positioning import Positioning

__all__ = ["Positioning"]

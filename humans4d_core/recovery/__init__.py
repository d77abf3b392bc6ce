"""Recovery: image and boxes in, bodies in the camera frame out."""

from .base import Recovery

__all__ = ["Recovery"]

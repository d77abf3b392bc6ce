"""Coordinate frames that hang in a tree, as TF tells them: without ROS."""

from .transform_bytes import Transform, read_transforms
from .transform_tree import TransformTree

__all__ = ["Transform", "TransformTree", "read_transforms"]

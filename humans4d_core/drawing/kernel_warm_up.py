"""Compiles the kernels before the first frame needs them."""

from __future__ import annotations

import numpy as np

from ..mesh.visibility import visible_vertices
from ..mesh.z_buffer import image_bounds, render
from ..types import Camera
from .shading import blend_meshes


def warm_up() -> None:
    """Compile everything, or load it from the cache: a few seconds once, then a few hundred ms.

    Without it the first frame with people in it pays.
    """
    camera = Camera(8.0, 8.0, 4.0, 4.0, 8, 8)
    vertices = np.array([[[-0.4, -0.4, 1], [0.4, -0.4, 1], [0, 0.4, 1]]], np.float32)
    faces = np.array([[0, 1, 2]], np.int32)
    zbuffer = render(vertices, faces, camera)
    visible_vertices(vertices, faces, camera, zbuffer)
    image_bounds(vertices, camera)
    # A part of an image, which numba compiles for apart from a whole one: the overlay's case.
    image = np.zeros((8, 9, 3), np.uint8)[:, :8]
    blend_meshes(image, zbuffer, np.full((1, 3), 255), camera.fx, 1)

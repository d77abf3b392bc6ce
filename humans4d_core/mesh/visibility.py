"""Which vertices the camera sees."""

from __future__ import annotations

import math

import numpy as np

from ..types import Camera
from .jit import jit
from .z_buffer import ZBuffer, as_mesh, project_vertices, render

#: A vertex may lie this far (m) behind the surface and still be on it,
TOLERANCE = 0.003
#: and this many pixels' width at its depth more.
TOLERANCE_PX = 0.5
#: A surface is followed from its pixel's centre for at most this many pixels' width in depth.
MAX_STEP_PX = 3.0


def visible_vertices(
    vertices_cam: np.ndarray,
    faces: np.ndarray,
    camera: Camera,
    zbuffer: ZBuffer | None = None,
) -> np.ndarray:
    """Vertices inside the image that no surface hides, one's own or another's: (N, V) bool.

    vertices_cam: (N, V, 3) metres. faces: (F, 3). `zbuffer` is that of the same meshes and camera,
    where it is at hand. A vertex is compared with the surface in the pixel it falls into, carried
    on along its tangent plane from the pixel's centre to the vertex; how far behind still counts
    as visible grows with depth, like a pixel's width. Within a pixel of a silhouette either answer
    may come out.
    """
    vertices, faces = as_mesh(vertices_cam, faces)
    if zbuffer is None:
        zbuffer = render(vertices, faces, camera)
    pixels = project_vertices(vertices, camera)
    visible = np.empty(vertices.shape[:2], np.bool_)
    _compare_depth(
        pixels, zbuffer.depth, zbuffer.normals, camera.fx, camera.fy, camera.cx, camera.cy, visible
    )
    return visible


@jit
def _compare_depth(pixels, depth, normals, fx, fy, cx, cy, visible):
    height, width = depth.shape
    for n in range(pixels.shape[0]):
        for v in range(pixels.shape[1]):
            x, y, inverse = pixels[n, v, 0], pixels[n, v, 1], pixels[n, v, 2]
            visible[n, v] = False
            # The image ends half a pixel outside the centres of its border pixels.
            inside = -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5
            if inverse == 0.0 or not inside:
                continue
            # 0.49999999999999994 + 0.5 rounds to 1.
            column = min(math.floor(x + 0.5), width - 1)
            row = min(math.floor(y + 0.5), height - 1)
            surface = np.float64(depth[row, column])
            if surface == np.inf:
                # Too thin to cover the pixel's centre, or at the silhouette.
                visible[n, v] = True
                continue
            pixel_size = 1.0 / (min(fx, fy) * inverse)
            m = normals[row, column]
            at_centre = m[0] * (column - cx) / fx + m[1] * (row - cy) / fy + m[2]
            at_vertex = m[0] * (x - cx) / fx + m[1] * (y - cy) / fy + m[2]
            # Normals point towards the camera: against the ray.
            if at_centre < 0.0 and at_vertex < 0.0:
                step = surface * at_centre / at_vertex - surface
                limit = MAX_STEP_PX * pixel_size
                surface += min(max(step, -limit), limit)
            visible[n, v] = 1.0 / inverse <= surface + TOLERANCE + TOLERANCE_PX * pixel_size

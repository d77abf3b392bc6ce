"""Lays rendered meshes over an image: shade, blend and edge in one pass over the pixels."""

from __future__ import annotations

import numpy as np

from ..mesh.jit import jit
from ..mesh.z_buffer import ZBuffer

#: Opacity of the mesh and of its edge.
MESH_ALPHA = 0.58
EDGE_ALPHA = 0.85
#: Towards the light: over the camera's left shoulder.
LIGHT = (-0.42, -0.62, -0.66)
#: A step in depth (m, plus pixels' width at that depth) that is drawn as an edge.
EDGE_STEP = 0.04
EDGE_STEP_PX = 8.0


def blend_meshes(
    image_bgr: np.ndarray, zbuffer: ZBuffer, colors_bgr: np.ndarray, focal_px: float, edge_px: int
) -> None:
    """Blend meshes into `image_bgr` (H, W, 3) uint8, in place.

    zbuffer: (H, W) of the same pixels. colors_bgr: (N, 3) of its meshes. Where the surface behind
    a pixel is a step farther away, or another person's, an edge of `edge_px` pixels is drawn.
    """
    colors = np.asarray(colors_bgr, np.float32)
    _blend(image_bgr, zbuffer.depth, zbuffer.ids, zbuffer.normals, colors, focal_px, edge_px)


@jit
def _blend(image, depth, ids, normals, colors, focal_px, edge_px):
    height, width = depth.shape
    for y in range(height):
        for x in range(width):
            mesh = ids[y, x]
            if mesh < 0:
                continue
            z = depth[y, x]
            step = z + EDGE_STEP + EDGE_STEP_PX * z / focal_px
            edge = False
            for r in range(1, edge_px + 1):
                left, right = max(x - r, 0), min(x + r, width - 1)
                above, below = max(y - r, 0), min(y + r, height - 1)
                nearest_behind = max(
                    max(depth[y, left], depth[y, right]), max(depth[above, x], depth[below, x])
                )
                edge = edge or nearest_behind > step
                # Bodies that touch: the one with the lower index gets the edge.
                edge = edge or ids[y, right] > mesh or ids[below, x] > mesh
                edge = edge or ids[y, left] > mesh or ids[above, x] > mesh
            nx, ny, nz = normals[y, x, 0], normals[y, x, 1], normals[y, x, 2]
            diffuse = max(nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2], 0.0)
            # Surfaces that turn away from the viewer darken, which shows the body's roundness.
            facing = max(-nz, 0.0)
            shade = 0.30 + 0.25 * facing + 0.55 * diffuse
            gloss = 70.0 * diffuse**12
            alpha = MESH_ALPHA
            if edge:
                shade, gloss, alpha = 0.35, 0.0, EDGE_ALPHA
            for channel in range(3):
                value = min(colors[mesh, channel] * shade + gloss, 255.0)
                value = alpha * value + (1.0 - alpha) * image[y, x, channel]
                image[y, x, channel] = np.uint8(value + 0.5)

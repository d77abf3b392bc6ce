"""Triangle meshes -> depth, person and normal of every pixel.

    x right, y down, z forward (metres); pixel (0, 0)'s CENTRE has the coordinates (0, 0)

so pixel (u, v) shows what lies on the ray ((u - cx) / fx, (v - cy) / fy, 1): OpenCV's and ROS's
convention, the one of `geometry.project`. The camera is a pinhole here: its distortion is left
out, so meshes fit rectified images.

Edge functions decide which pixel centres a triangle covers, edges included (Pineda, "A Parallel
Algorithm for Polygon Rasterization", 1988). They run in float64 and change nothing but their sign
when an edge is walked the other way: neighbouring triangles leave no crack between them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from ..types import Camera
from .jit import jit

#: Triangles with a vertex nearer than this (m) are left out: they cannot be projected.
NEAR = 0.05


@dataclass(frozen=True)
class ZBuffer:
    """What the camera sees of N meshes, pixel by pixel."""

    depth: np.ndarray  #: (H, W) float32 m along z; inf where empty
    ids: np.ndarray  #: (H, W) int32, index of the mesh; -1 where empty
    normals: np.ndarray  #: (H, W, 3) float32, smooth unit normals towards the camera; 0 where empty


def render(vertices_cam: np.ndarray, faces: np.ndarray, camera: Camera) -> ZBuffer:
    """Meshes of one topology, seen by the pinhole of `camera`.

    vertices_cam: (N, V, 3) metres. faces: (F, 3) indices into V. N = 0 gives an empty buffer.
    Triangles with a vertex that is not finite or nearer than `NEAR` are left out. Open meshes are
    seen from both sides. Raises ValueError when shapes or indices do not fit.
    """
    vertices, faces = as_mesh(vertices_cam, faces)
    shape = (camera.height, camera.width)
    depth = np.full(shape, np.inf, np.float32)
    ids = np.full(shape, -1, np.int32)
    normals = np.zeros((*shape, 3), np.float32)
    pixels = project_vertices(vertices, camera)
    vertex_normals = np.zeros_like(vertices)
    volumes = np.zeros(len(vertices), np.float64)
    _vertex_normals(vertices, faces, pixels, vertex_normals, volumes)
    # From outside, the far side of a closed surface is always behind its near side. A mesh that
    # reaches the near plane has holes, through which its far side shows.
    cull = (volumes > 0) & (pixels[..., 2] > 0).all(axis=1) & _is_closed(faces.tobytes())
    _rasterize(pixels, faces, vertex_normals, cull, depth, ids, normals)
    return ZBuffer(depth, ids, normals)


def as_mesh(vertices_cam: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checked arrays of the one type that the kernels are compiled for."""
    # A read-only array is another type to numba, and would be compiled for again.
    vertices = np.require(vertices_cam, np.float32, ("C", "A", "W"))
    faces = np.require(faces, np.int32, ("C", "A", "W"))
    if vertices.ndim != 3 or vertices.shape[2] != 3:
        raise ValueError(f"vertices have shape {vertices.shape}: expected (N, V, 3)")
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f"faces have shape {faces.shape}: expected (F, 3)")
    if len(vertices) and faces.size and (faces.min() < 0 or faces.max() >= vertices.shape[1]):
        raise ValueError(
            f"faces name vertices {faces.min()}..{faces.max()} of a mesh that has "
            f"{vertices.shape[1]}: use the faces of the same body"
        )
    return vertices, faces


def project_vertices(vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """(N, V, 3) float32 m -> (N, V, 3) float64 u, v (px) and 1/z; 1/z = 0 marks the unusable."""
    pixels = np.empty(vertices.shape, np.float64)
    _project(vertices, camera.fx, camera.fy, camera.cx, camera.cy, pixels)
    return pixels


def image_bounds(vertices_cam: np.ndarray, camera: Camera) -> tuple[int, int, int, int] | None:
    """First and last column and row that meshes can touch: x_min, y_min, x_max, y_max, inclusive.

    vertices_cam: (N, V, 3) metres. None when every usable vertex lies to one side of the image.
    """
    vertices = np.require(vertices_cam, np.float32, ("C", "A", "W"))
    low_x, low_y, high_x, high_y = _bounds(project_vertices(vertices, camera))
    # Clipped before they become integers: near vertices reach far outside the image.
    low_x, low_y = max(low_x, 0.0), max(low_y, 0.0)
    high_x, high_y = min(high_x, camera.width - 1.0), min(high_y, camera.height - 1.0)
    if low_x > high_x or low_y > high_y:
        return None
    return math.ceil(low_x), math.ceil(low_y), math.floor(high_x), math.floor(high_y)


@functools.lru_cache(maxsize=8)
def _is_closed(faces: bytes) -> bool:
    """Whether every edge of the (F, 3) int32 faces is walked once in each direction."""
    a, b, c = np.frombuffer(faces, np.int32).reshape(-1, 3).T.astype(np.int64)
    start, end = np.concatenate((a, b, c)), np.concatenate((b, c, a))
    size = max(start.max(initial=0), end.max(initial=0)) + 1
    edges, opposite = np.sort(start * size + end), np.sort(end * size + start)
    return bool((edges == opposite).all() and (edges[1:] != edges[:-1]).all())


@jit
def _project(vertices, fx, fy, cx, cy, pixels):
    for n in range(vertices.shape[0]):
        for v in range(vertices.shape[1]):
            x = np.float64(vertices[n, v, 0])
            y = np.float64(vertices[n, v, 1])
            z = np.float64(vertices[n, v, 2])
            if z >= NEAR and math.isfinite(x) and math.isfinite(y) and math.isfinite(z):
                inverse = 1.0 / z
                pixels[n, v, 0] = fx * x * inverse + cx
                pixels[n, v, 1] = fy * y * inverse + cy
                pixels[n, v, 2] = inverse
            else:
                pixels[n, v, :] = 0.0


@jit
def _bounds(pixels):
    low_x, low_y, high_x, high_y = np.inf, np.inf, -np.inf, -np.inf
    for n in range(pixels.shape[0]):
        for v in range(pixels.shape[1]):
            if pixels[n, v, 2] > 0.0:
                x, y = pixels[n, v, 0], pixels[n, v, 1]
                low_x, low_y = min(low_x, x), min(low_y, y)
                high_x, high_y = max(high_x, x), max(high_y, y)
    return low_x, low_y, high_x, high_y


@jit
def _vertex_normals(vertices, faces, pixels, normals, volumes):
    """Unit normals of the vertices, each face weighing as much as its area, and the volumes (m^3).

    Both are of the usable faces; the volume is positive when a closed mesh is wound
    counter-clockwise seen from outside.
    """
    for n in range(vertices.shape[0]):
        p = vertices[n]
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            if pixels[n, a, 2] == 0.0 or pixels[n, b, 2] == 0.0 or pixels[n, c, 2] == 0.0:
                continue
            ux, uy, uz = p[b, 0] - p[a, 0], p[b, 1] - p[a, 1], p[b, 2] - p[a, 2]
            vx, vy, vz = p[c, 0] - p[a, 0], p[c, 1] - p[a, 1], p[c, 2] - p[a, 2]
            x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            volumes[n] += (x * p[a, 0] + y * p[a, 1] + z * p[a, 2]) / 6.0
            for v in (a, b, c):
                normals[n, v, 0] += x
                normals[n, v, 1] += y
                normals[n, v, 2] += z
        for v in range(vertices.shape[1]):
            x, y, z = normals[n, v, 0], normals[n, v, 1], normals[n, v, 2]
            length = math.sqrt(x * x + y * y + z * z)
            if length > 0.0:
                normals[n, v, 0] = x / length
                normals[n, v, 1] = y / length
                normals[n, v, 2] = z / length


@jit
def _rasterize(pixels, faces, vertex_normals, cull, depth, ids, normals):
    """Nearest surface of every pixel.

    One thread: bands of the image on two cores gained 5-15 % at 640x480, and the other core has
    the networks to run.
    """
    height, width = depth.shape
    for n in range(pixels.shape[0]):
        p = pixels[n]
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            inv_a, inv_b, inv_c = p[a, 2], p[b, 2], p[c, 2]
            if inv_a == 0.0 or inv_b == 0.0 or inv_c == 0.0:
                continue
            xa, ya, xb, yb, xc, yc = p[a, 0], p[a, 1], p[b, 0], p[b, 1], p[c, 0], p[c, 1]
            # y points down, so that a triangle seen from outside has a negative area.
            area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
            if area == 0.0 or (cull[n] and area > 0.0):
                continue
            # Clamped before they become integers: near triangles reach far outside the image.
            first_x = math.ceil(min(max(min(xa, xb, xc), 0.0), width))
            last_x = math.floor(max(min(max(xa, xb, xc), width - 1.0), -1.0))
            first_y = math.ceil(min(max(min(ya, yb, yc), 0.0), height))
            last_y = math.floor(max(min(max(ya, yb, yc), height - 1.0), -1.0))
            if first_x > last_x or first_y > last_y:
                continue
            # Edge functions E(x, y) = dx x + dy y + e, positive inside; `side` also turns the
            # normals of a triangle seen from behind.
            side = -1.0 if area < 0.0 else 1.0
            dx_a, dy_a, e_a = side * (yb - yc), side * (xc - xb), side * (xb * yc - xc * yb)
            dx_b, dy_b, e_b = side * (yc - ya), side * (xa - xc), side * (xc * ya - xa * yc)
            dx_c, dy_c, e_c = side * (ya - yb), side * (xb - xa), side * (xa * yb - xb * ya)
            for y in range(first_y, last_y + 1):
                row_a, row_b, row_c = dy_a * y + e_a, dy_b * y + e_b, dy_c * y + e_c
                entered = False
                for x in range(first_x, last_x + 1):
                    w_a, w_b, w_c = dx_a * x + row_a, dx_b * x + row_b, dx_c * x + row_c
                    if w_a < 0.0 or w_b < 0.0 or w_c < 0.0:
                        if entered:
                            break
                        continue
                    entered = True
                    # 1/z is linear in the image; weighing by w_i / z_i is linear in space.
                    b_a, b_b, b_c = w_a * inv_a, w_b * inv_b, w_c * inv_c
                    inverse = b_a + b_b + b_c
                    if inverse <= 0.0:
                        continue
                    z = np.float32((w_a + w_b + w_c) / inverse)
                    if z >= depth[y, x]:
                        continue
                    depth[y, x] = z
                    ids[y, x] = n
                    m = vertex_normals[n]
                    nx = b_a * m[a, 0] + b_b * m[b, 0] + b_c * m[c, 0]
                    ny = b_a * m[a, 1] + b_b * m[b, 1] + b_c * m[c, 1]
                    nz = b_a * m[a, 2] + b_b * m[b, 2] + b_c * m[c, 2]
                    length = math.sqrt(nx * nx + ny * ny + nz * nz)
                    if length > 0.0:
                        scale = -side / length
                        normals[y, x, 0] = nx * scale
                        normals[y, x, 1] = ny * scale
                        normals[y, x, 2] = nz * scale
                    else:
                        normals[y, x, 0], normals[y, x, 1], normals[y, x, 2] = 0.0, 0.0, -1.0

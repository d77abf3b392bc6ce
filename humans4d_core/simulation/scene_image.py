"""What a simulated camera shows: dressed people and walls, and how much of each person is seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body import BodyData
from ..geometry import project
from ..mesh.z_buffer import render
from ..types import JOINT_NAMES, Camera

#: Joints whose skin is bare, in a shirt, in trousers; a triangle goes with its vertices' joints.
BARE = ("neck", "head", "left_wrist", "right_wrist", "left_hand", "right_hand")
TROUSERS = (
    "pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_foot", "right_foot",
)  # fmt: skip
NUM_PARTS = 3

WALL_COLOR = np.array([150, 165, 170])
WALL_TILE = 0.25  #: m; a wall that reaches the near plane loses only its nearest tiles


@dataclass(frozen=True)
class Scene:
    """One image, and what it shows of P people."""

    image_bgr: np.ndarray  #: (H, W, 3) uint8
    ids: np.ndarray  #: (H, W) int32, index of the person; -1 where none
    visible_fraction: np.ndarray  #: (P,) of the person's pixels, those beyond the image included
    visible_boxes_px: np.ndarray  #: (P, 4) float32 of the visible pixels; 0 where there are none


def part_faces(body: BodyData) -> tuple[np.ndarray, ...]:
    """Triangles of the skin, the shirt and the trousers: (F_k, 3) int32 each."""
    joint = body.skinning_weights.argmax(1)
    part = np.ones(len(JOINT_NAMES), int)
    part[[JOINT_NAMES.index(name) for name in BARE]] = 0
    part[[JOINT_NAMES.index(name) for name in TROUSERS]] = 2
    face_part = np.median(part[joint][body.faces], axis=1).astype(int)
    return tuple(np.ascontiguousarray(body.faces[face_part == k]) for k in range(NUM_PARTS))


def wall_mesh(start: tuple, end: tuple, height: float) -> tuple[np.ndarray, np.ndarray]:
    """An upright plate in the fixed frame: vertices (V, 3) m, faces (F, 3)."""
    origin = np.array(start)
    length = np.array(end) - origin
    columns = max(1, int(np.ceil(np.linalg.norm(length) / WALL_TILE)))
    rows = max(1, int(np.ceil(height / WALL_TILE)))
    share, z = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, height, rows + 1))
    vertices = np.dstack((origin + share[..., None] * length, z)).reshape(-1, 3)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1, 1)
    faces = corner + np.array([[0, 1, columns + 1, 1, columns + 2, columns + 1]])
    return vertices, faces.reshape(-1, 3).astype(np.int32)


def background(camera: Camera) -> np.ndarray:
    """An empty room: (H, W, 3) float32 of a wall above and a floor below, which gets brighter."""
    rows = np.linspace(0, 1, camera.height)[:, None, None]
    color = np.where(rows < 0.5, [168, 160, 150], np.array([90, 100, 105]) + 60 * rows)
    return np.broadcast_to(color, (camera.height, camera.width, 3)).astype(np.float32)


def paint(
    empty: np.ndarray,
    vertices_cam: np.ndarray,
    parts: tuple[np.ndarray, ...],
    colors: np.ndarray,
    walls: list[tuple[np.ndarray, np.ndarray]],
    camera: Camera,
    brightness: float,
    rng: np.random.Generator,
) -> Scene:
    """Paint P people (P, V, 3) and walls (vertices (1, V, 3) and faces) over the `empty` room.

    colors: (P, 3 parts, 3) BGR 0..255. Everything is shaded by how it faces the camera, and the
    image gets `brightness` and noise. People are painted one at a time, each into the part of an
    unbounded image that it covers: so its hidden pixels are counted too.
    """
    height, width = camera.height, camera.width
    depth = np.full((height, width), np.inf, np.float32)
    ids = np.full((height, width), -1, np.int32)
    image = empty.copy()
    for vertices, faces in walls:
        seen = render(vertices, faces, camera)
        nearer = seen.depth < depth
        depth[nearer] = seen.depth[nearer]
        image[nearer] = WALL_COLOR * _shade(seen.normals[nearer])
    total = np.zeros(len(vertices_cam), np.int64)
    for person, vertices in enumerate(vertices_cam):
        bounds = _bounds(vertices, camera)
        if bounds is None:
            continue
        left, top, right, bottom = bounds
        crop = Camera(
            camera.fx, camera.fy, camera.cx - left, camera.cy - top, right - left, bottom - top
        )
        layers = [render(vertices[None], faces, crop) for faces in parts]
        near = np.stack([layer.depth for layer in layers])
        part, near = near.argmin(0), near.min(0)
        total[person] = np.isfinite(near).sum()
        normals = np.choose(part[..., None], [layer.normals for layer in layers])
        y0, y1, x0, x1 = max(top, 0), min(bottom, height), max(left, 0), min(right, width)
        if y0 >= y1 or x0 >= x1:
            continue
        inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        outside = np.s_[y0:y1, x0:x1]
        nearer = near[inside] < depth[outside]
        depth[outside][nearer] = near[inside][nearer]
        ids[outside][nearer] = person
        shade = _shade(normals[inside][nearer])
        image[outside][nearer] = colors[person, part[inside][nearer]] * shade
    noise = rng.integers(-5, 6, image.shape, np.int8)
    image = np.clip(image * brightness + noise, 0, 255).astype(np.uint8)
    boxes, visible = _visible_boxes(ids, len(vertices_cam))
    return Scene(image, ids, visible / np.maximum(total, 1), boxes)


def _shade(normals: np.ndarray) -> np.ndarray:
    """Light from the camera: (*, 1) in 0.45..1."""
    return 0.45 + 0.55 * np.clip(-normals[..., 2:], 0, 1)


def _bounds(vertices: np.ndarray, camera: Camera) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of a person in the unbounded image; at most one image beyond it."""
    pixels = project(vertices, camera)
    if not np.isfinite(pixels).all():
        return None
    size = np.array([camera.width, camera.height])
    low = np.maximum(np.floor(pixels.min(0)), -size).astype(int)
    high = np.minimum(np.ceil(pixels.max(0)) + 1, 2 * size).astype(int)
    return None if (low >= high).any() else (*low.tolist(), *high.tolist())


def _visible_boxes(ids: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (P, 4) of each person's pixels and their number (P,)."""
    shown = ids.ravel()
    pixels = np.bincount(shown[shown >= 0], minlength=count)
    # Whether each person has a pixel in a column and in a row: (P, W) and (P, H).
    columns, rows = np.zeros((count, ids.shape[1]), bool), np.zeros((count, ids.shape[0]), bool)
    y, x = np.nonzero(ids >= 0)
    person = ids[y, x]
    columns[person, x], rows[person, y] = True, True
    low = [axis.argmax(1) for axis in (columns, rows)]
    high = [axis.shape[1] - axis[:, ::-1].argmax(1) for axis in (columns, rows)]
    boxes = np.where(pixels > 0, np.stack(low + high), 0)
    return boxes.T.astype(np.float32), pixels

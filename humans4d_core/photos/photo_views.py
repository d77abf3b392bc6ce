"""The people of one image, seen from elsewhere."""

from __future__ import annotations

import cv2
import numpy as np

from ..drawing.colors import id_color
from ..drawing.shading import blend_meshes
from ..mesh.z_buffer import render
from ..types import Camera, People

SIDE_PX = 480
#: From the camera's axes (x right, y down, z ahead) to those of a viewer to the right of the
#: people, and of one above them, who has what is farther away at the top.
FROM_THE_SIDE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
FROM_ABOVE = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
#: So far away, in sizes of the scene, that near and far people look alike large.
DISTANCE = 30.0


def view(people: People, faces: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """(SIDE_PX, SIDE_PX, 3) uint8: meshes on white, and a bar of one metre. turn: one of those
    above."""
    image = np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8)
    if not len(people):
        return image
    vertices = people.bodies.vertices_cam.astype(np.float64) @ turn.T
    low, high = vertices.min((0, 1)), vertices.max((0, 1))
    size = max(float((high - low)[:2].max()), 1.0) * 1.15
    distance = DISTANCE * size
    vertices = vertices - (low + high) / 2 + (0, 0, distance)
    focal = SIDE_PX / size * distance
    camera = Camera(focal, focal, SIDE_PX / 2, SIDE_PX / 2, SIDE_PX, SIDE_PX)
    colors = np.array([id_color(int(number)) for number in people.track_ids], np.float32)
    seen = render(vertices.astype(np.float32), faces, camera)
    blend_meshes(image, seen, colors, focal, 1)
    bar = round(SIDE_PX / size)
    cv2.line(image, (16, SIDE_PX - 16), (16 + bar, SIDE_PX - 16), (60, 60, 60), 3)
    cv2.putText(
        image, "1 m", (16, SIDE_PX - 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60), 1,
        cv2.LINE_AA,
    )  # fmt: skip
    return image

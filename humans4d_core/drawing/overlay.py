"""People drawn over their image: meshes, skeletons, boxes and labels in the colour of their id."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..errors import ImageError
from ..mesh.z_buffer import image_bounds, render
from ..types import BONES, Camera, People, TrackState
from .colors import id_color
from .shading import blend_meshes

#: Joints less sure than this are not drawn.
MIN_JOINT_CONFIDENCE = 0.3
_GREY = (160, 160, 160)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
#: cv2's fixed point coordinates: a pixel has 2^4 parts.
_SHIFT = 4


def draw_overlay(
    image_bgr: np.ndarray, people: People, faces: np.ndarray, camera: Camera
) -> np.ndarray:
    """A new image (H, W, 3) uint8 with the people on it; the given one is left as it is.

    Confirmed people: shaded mesh, skeleton, box, id and distance. Occluded people, whose bodies
    are predicted: dashed outline and label. Tentative people: a thin grey box. Lost people: not
    drawn. faces: (F, 3) of the bodies' mesh. Meshes are projected by the camera's pinhole, joints
    by what `joints_px` says: on an image that is not rectified they drift apart to the borders.
    Raises ImageError when the image is not (H, W, 3) uint8 of the camera's size.
    """
    if image_bgr.shape != (camera.height, camera.width, 3) or image_bgr.dtype != np.uint8:
        raise ImageError(
            f"image has shape {image_bgr.shape} and type {image_bgr.dtype}: expected "
            f"({camera.height}, {camera.width}, 3) uint8, as its camera says"
        )
    image = np.array(image_bgr, order="C")
    if not len(people):
        return image
    states = people.states
    shown = states != TrackState.LOST
    tentative, occluded = states == TrackState.TENTATIVE, states == TrackState.OCCLUDED
    line = 1 if camera.height < 720 else 2

    full = people.select(_far_to_near(people, shown & ~tentative & ~occluded))
    hidden = people.select(_far_to_near(people, occluded))
    _draw_meshes(image, full, faces, camera, line)
    _draw_outlines(image, hidden, faces, camera, line)
    for box in people.bodies.boxes_px[tentative]:
        _draw_box(image, box, _GREY, 1)
    _draw_skeletons(image, full, line)
    for box, track_id in zip(full.bodies.boxes_px, full.track_ids, strict=True):
        _draw_box(image, box, id_color(int(track_id)), line)
    _draw_labels(image, full, hidden)
    return image


def _far_to_near(people: People, chosen: np.ndarray) -> np.ndarray:
    """Indices of the chosen people, so that the nearest are drawn last."""
    order = np.argsort(-people.bodies.pelvis_cam[:, 2], kind="stable")
    return order[chosen[order]]


def _colors(people: People) -> np.ndarray:
    return np.array([id_color(int(i)) for i in people.track_ids], np.float32).reshape(-1, 3)


def _render_cut(people: People, faces: np.ndarray, camera: Camera, image: np.ndarray):
    """Z-buffer of the part of the image that the meshes touch, a view of that part, and its place.

    Returns (ZBuffer, (h, w, 3) view, (x, y) of its first pixel); None when nothing is in sight.
    """
    vertices = people.bodies.vertices_cam
    box = image_bounds(vertices, camera)
    if box is None:
        return None
    # A pixel more on each side, so that the meshes' borders are seen as borders.
    left, top = max(box[0] - 1, 0), max(box[1] - 1, 0)
    right, bottom = min(box[2] + 1, camera.width - 1), min(box[3] + 1, camera.height - 1)
    cut = replace(
        camera,
        cx=camera.cx - left,
        cy=camera.cy - top,
        width=right - left + 1,
        height=bottom - top + 1,
    )
    view = image[top : bottom + 1, left : right + 1]
    return render(vertices, faces, cut), view, (left, top)


def _draw_meshes(image, people: People, faces, camera: Camera, edge_px: int) -> None:
    cut = _render_cut(people, faces, camera, image)
    if cut is not None:
        zbuffer, view, _ = cut
        blend_meshes(view, zbuffer, _colors(people), camera.fx, edge_px)


def _draw_outlines(image, people: People, faces, camera: Camera, line: int) -> None:
    """Dashes along the silhouettes."""
    cut = _render_cut(people, faces, camera, image)
    if cut is None:
        return
    zbuffer, view, _ = cut
    dash, period = 6 * line, 11 * line
    for index, track_id in enumerate(people.track_ids):
        mask = (zbuffer.ids == index).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        dashes = [c[i : i + dash] for c in contours for i in range(0, len(c), period)]
        cv2.polylines(view, dashes, False, id_color(int(track_id)), line + 1, cv2.LINE_AA)


def _draw_skeletons(image, people: People, line: int) -> None:
    bodies = people.bodies
    height, width = image.shape[:2]
    joints = bodies.joints_px
    # Far outside the image fixed point coordinates overflow.
    near = (np.abs(joints - (width / 2, height / 2)) < (2 * width, 2 * height)).all(-1)
    drawn = near & (bodies.joint_confidence >= MIN_JOINT_CONFIDENCE)
    points = np.where(near[..., None], joints, 0) * (1 << _SHIFT)
    points = np.rint(points).astype(np.int32)
    for row, (p, ok) in enumerate(zip(points, drawn, strict=True)):
        bones = list(p[BONES[ok[BONES].all(1)]])
        # A line without length is a dot as wide as the line.
        dots = list(np.repeat(p[ok][:, None], 2, axis=1))
        color = tuple(int(0.25 * c + 0.75 * 255) for c in id_color(int(people.track_ids[row])))
        cv2.polylines(image, bones, False, color, line, cv2.LINE_AA, _SHIFT)
        height_px = np.ptp(joints[row, ok, 1]) if ok.any() else 0
        dot = int(np.clip(height_px / 60, line, 3 * line))
        cv2.polylines(image, dots, False, color, dot, cv2.LINE_AA, _SHIFT)


def _draw_box(image, box: np.ndarray, color: tuple[int, int, int], line: int) -> None:
    corners = _to_pixels(box, image)
    if corners is not None:
        cv2.rectangle(image, corners[:2], corners[2:], color, line)


def _to_pixels(box: np.ndarray, image: np.ndarray) -> tuple[int, int, int, int] | None:
    """A box clipped to the image, in whole pixels; None where it has NaN or is outside."""
    height, width = image.shape[:2]
    if not np.isfinite(box).all():
        return None
    x0, y0, x1, y1 = (round(float(v)) for v in np.clip(box, -1, (width, height, width, height)))
    if x1 < max(x0, 0) or y1 < max(y0, 0) or x0 >= width or y0 >= height:
        return None
    return x0, y0, x1, y1


def _draw_labels(image, full: People, hidden: People) -> None:
    """`id 7  4.2 m` above the boxes; the nearest person chooses its place first."""
    height = image.shape[0]
    scale = float(np.clip(height / 1200, 0.4, 0.9))
    line = 1 if scale < 0.7 else 2
    placed: list[tuple[int, int, int, int]] = []
    for people, filled in ((full, True), (hidden, False)):
        distances = np.linalg.norm(people.bodies.pelvis_cam.astype(np.float64), axis=-1)
        for row in reversed(range(len(people))):
            box = _to_pixels(people.bodies.boxes_px[row], image)
            if box is None:
                continue
            text = f"id {people.track_ids[row]}"
            if np.isfinite(distances[row]):
                text += f"  {distances[row]:.1f} m"
            (text_width, ascent), descent = cv2.getTextSize(text, _FONT, scale, line)
            pad = 3 * line
            size = (text_width + 2 * pad, ascent + descent + 2 * pad)
            x, y = _place_label(box, size, placed, image)
            placed.append((x, y, x + size[0], y + size[1]))
            color = id_color(int(people.track_ids[row]))
            chip = (x, y), (x + size[0] - 1, y + size[1] - 1)
            cv2.rectangle(image, *chip, color if filled else (32, 32, 32), -1)
            origin = (x + pad, y + pad + ascent)
            ink = (16, 16, 16) if filled else color
            cv2.putText(image, text, origin, _FONT, scale, ink, line, cv2.LINE_AA)


def _place_label(box, size, placed, image) -> tuple[int, int]:
    """The first free place: above the box, under it, or stepping down from its top."""
    height, width = image.shape[:2]
    x = min(max(box[0], 0), max(width - size[0], 0))
    lowest = max(height - size[1], 0)
    steps = [box[1] - size[1], box[3] + 1] + [box[1] + i * size[1] for i in range(12)]
    places = [min(max(y, 0), lowest) for y in steps]
    for y in places:
        if not any(
            x < right and left < x + size[0] and y < bottom and top < y + size[1]
            for left, top, right, bottom in placed
        ):
            return x, y
    return x, places[0]

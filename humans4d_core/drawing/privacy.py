"""Images that show where people are and not who they are."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import BONES, JOINT_NAMES, People, TrackState

#: m, from SMPL's head joint (between the ears) along the neck to the middle of the head, and the
#: radius of what is hidden: hair and a joint that is some centimetres off are in it.
MIDDLE, RADIUS = 0.06, 0.2
#: Squares across a head that is hidden: too few to tell a face, whatever its size in the image.
SQUARES = 4
_HEAD, _NECK = JOINT_NAMES.index("head"), JOINT_NAMES.index("neck")


def private_image(image_bgr: np.ndarray, people: People, privacy: str = "heads") -> np.ndarray:
    """`image_bgr` (H, W, 3) uint8 as `privacy`, one of PRIVACY, lets it be seen.

    Of everybody of `people` who is not LOST the head is replaced by its mean colours in a few
    squares. Who was not found keeps the face: only "no_image", which is black, is sure.
    """
    if privacy == "none":
        return image_bgr
    if privacy == "no_image":
        return np.zeros_like(image_bgr)
    image = np.array(image_bgr)
    for (x, y), radius in zip(*_heads(people), strict=True):
        _hide(image, x, y, radius)
    return image


def _heads(people: People) -> tuple[np.ndarray, np.ndarray]:
    """Centres (K, 2) and radii (K,) in pixels of the heads that are in front of the camera."""
    there = people.states != TrackState.LOST
    metres, pixels = people.bodies.joints_cam[there], people.bodies.joints_px[there]
    metres, pixels = metres.astype(np.float64), pixels.astype(np.float64)
    first, last = BONES.T
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.linalg.norm(pixels[:, first] - pixels[:, last], axis=-1)
        lengths /= np.linalg.norm(metres[:, first] - metres[:, last], axis=-1)
    # The bone that lies most across the view tells how many pixels a metre has there.
    scale = np.nan_to_num(lengths, nan=0.0, posinf=0.0).max(1, initial=0.0)
    along = pixels[:, _HEAD] - pixels[:, _NECK]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    centers = pixels[:, _HEAD] + MIDDLE * scale[:, None] * along
    sound = np.isfinite(centers).all(1) & (scale > 0)
    return centers[sound], RADIUS * scale[sound]


def _hide(image: np.ndarray, x: float, y: float, radius: float) -> None:
    height, width = image.shape[:2]
    left, right = (int(np.clip(v, 0, width)) for v in (x - radius, x + radius + 1))
    top, bottom = (int(np.clip(v, 0, height)) for v in (y - radius, y + radius + 1))
    if right <= left or bottom <= top:
        return
    part = image[top:bottom, left:right]
    size = (min(SQUARES, right - left), min(SQUARES, bottom - top))
    few = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    large = cv2.resize(few, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    rows, columns = np.ogrid[top:bottom, left:right]
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    part[inside] = large[inside]

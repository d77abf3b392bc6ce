"""An image fitted into a network's input, and boxes on their way back."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import ImageError
from ..types import Detections

#: Both networks are fully convolutional and divide by this much at most.
LARGEST_STRIDE = 32

#: A second box that overlaps a better one by more than this is the same person.
MAX_OVERLAP = 0.6


def letterbox(image_bgr: np.ndarray, long_side: int) -> tuple[np.ndarray, float]:
    """Image (H, W, 3) uint8 -> batch of one (1, h, w, 3) uint8 and its scale.

    The longer side becomes `long_side` (a multiple of 32); the shorter one is filled up with black
    at the bottom or the right to the next multiple of 32 only, which is a quarter less to compute
    for a 4:3 image than a square. Raises ImageError for anything but a colour image.
    """
    check_colour_image(image_bgr)
    height, width = image_bgr.shape[:2]
    scale = long_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized = cv2.resize(image_bgr, size)
    right, bottom = (-length % LARGEST_STRIDE for length in size)
    if right or bottom:
        resized = cv2.copyMakeBorder(resized, 0, bottom, 0, right, cv2.BORDER_CONSTANT)
    return resized[None], scale


def check_colour_image(image_bgr: np.ndarray) -> None:
    """Raises ImageError for anything but (H, W, 3) uint8 with pixels in it."""
    if image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or image_bgr.dtype != np.uint8:
        raise ImageError(
            f"image has shape {image_bgr.shape} and type {image_bgr.dtype}: expected (H, W, 3) "
            "uint8"
        )
    height, width = image_bgr.shape[:2]
    if not height or not width:
        raise ImageError(f"image is {width}x{height}: it has no pixels")


def to_detections(
    boxes: np.ndarray, scores: np.ndarray, image_size: tuple[int, int], scale: float
) -> Detections:
    """Boxes (N, 4) in the letterboxed image -> detections in the original, best first.

    Clipped to the image (height, width); those that nothing is left of, or that are not finite,
    and those that a better one covers (non-maximum suppression) are dropped.
    """
    height, width = image_size
    boxes = np.clip(boxes / scale, 0, (width, height, width, height)).astype(np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = np.flatnonzero((sides > 0).all(axis=1) & np.isfinite(scores))
    if not len(kept):
        return Detections.empty()
    rectangles = np.concatenate((boxes[kept, :2], sides[kept]), axis=1)
    # In the order of the scores, as promised.
    best = cv2.dnn.NMSBoxes(
        rectangles.tolist(), scores[kept].tolist(), score_threshold=0.0, nms_threshold=MAX_OVERLAP
    )
    kept = kept[np.asarray(best, dtype=np.intp).ravel()]
    return Detections(boxes[kept], scores[kept].astype(np.float32))

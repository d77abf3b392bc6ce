"""Crops that are larger, smaller, turned, moved and mirrored by chance, as HMR 2.0 was trained.

Factors and their clipping are those of the original's code, which its paper does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...recovery.crops.person_crops import CROP

#: Of the square's side; degrees; share of turned crops; of the square's side.
SCALE, ROTATION, ROTATED, TRANSLATION = 0.3, 30.0, 0.6, 0.02


@dataclass(frozen=True)
class Augmentation:
    """What is done to one crop."""

    scale: float = 1.0  #: of the square's side
    rotation: float = 0.0  #: degrees that the square is turned by, clockwise
    shift: tuple[float, float] = (0.0, 0.0)  #: of its middle, in sides
    flip: bool = False

    @classmethod
    def drawn(cls, rng: np.random.Generator, flip: bool) -> Augmentation:
        """At random, but for `flip`."""
        scale = 1 + SCALE * float(np.clip(rng.normal(), -1, 1))
        rotation = ROTATION * float(np.clip(rng.normal(), -2, 2))
        shift = TRANSLATION * np.clip(rng.normal(size=2), -1, 1)
        is_turned = rng.random() < ROTATED
        return cls(scale, rotation * is_turned, (float(shift[0]), float(shift[1])), flip)


def augmented_crop(
    image: np.ndarray, center: np.ndarray, side: float, change: Augmentation
) -> tuple[np.ndarray, np.ndarray]:
    """The crop (256, 256, 3) of a square, and the affine map (2, 3) from pixels of the image (of
    its mirror image where it is flipped) to those of the crop.

    center (2,) and side px, in the image as it is.
    """
    middle = np.asarray(center, np.float64) + side * np.array(change.shift)
    if change.flip:
        image = np.ascontiguousarray(image[:, ::-1])
        middle = np.array((image.shape[1] - 1 - middle[0], middle[1]))
    angle, half = np.deg2rad(change.rotation), side * change.scale / 2
    down = half * np.array((-np.sin(angle), np.cos(angle)))
    right = half * np.array((np.cos(angle), np.sin(angle)))
    square = np.array((middle, middle + down, middle + right), np.float32)
    crop = np.array(((CROP / 2, CROP / 2), (CROP / 2, CROP), (CROP, CROP / 2)), np.float32)
    to_crop = cv2.getAffineTransform(square, crop)
    return cv2.warpAffine(image, to_crop, (CROP, CROP), flags=cv2.INTER_LINEAR), to_crop


def keypoints_in_crop(
    keypoints_px: np.ndarray, to_crop: np.ndarray, mirrored_width: int | None
) -> np.ndarray:
    """Keypoints (K, 3) px with confidences -> (K, 3) from -.5 to .5 across the crop.

    mirrored_width: of the image where the crop is of its mirror image; names are not exchanged.
    """
    places = keypoints_px[:, :2].astype(np.float64)
    if mirrored_width is not None:
        places[:, 0] = mirrored_width - 1 - places[:, 0]
    in_crop = (places @ to_crop[:, :2].T + to_crop[:, 2]) / CROP - 0.5
    return np.hstack((in_crop, keypoints_px[:, 2:])).astype(np.float32)

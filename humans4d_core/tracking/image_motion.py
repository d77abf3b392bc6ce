"""How the camera turned and zoomed, and where the film was cut, from two images.

    corners of what stands still -> where they went (optical flow) -> one similarity for most

People are masked out. What a camera that moves sideways adds depends on how far everything is away
and is not told here: the similarity is that of the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from ..types import Camera, Pose

#: Pixels of the longer side that are looked at, about.
SIDE = 320
#: Corners that are followed at most, pixels between two of them, and how weak one may be compared
#: with the strongest.
MOST_CORNERS, APART, QUALITY = 120, 8, 0.01
#: Corners without which nothing is told.
FEWEST = 12
#: Share of a person's box by which the mask is wider on each side: shadows and what he carries.
MARGIN = 0.1
#: Optical flow (Bouguet 2001): window and halvings of the image; it reaches 21 * 2^3 pixels.
WINDOW, HALVINGS = 21, 3
#: Pixels that a corner may lie off the common similarity.
TOLERANCE = 1.5
#: Shares of the corners that agree: to be believed, and below which the images have nothing to do
#: with each other.
BELIEVED, UNRELATED = 0.4, 0.15
#: Pixels at the image's border below which the camera is said to stand: the flow's own error.
STILL = 0.3
#: Correlation of two images' histograms below which they show different scenes: of images of one
#: real video it was .87 and more, of two .15 and less; of a simulated crowd in changing light that
#: fills a bare room, two images a second, .55 and more.
OTHER_SCENE = 0.35
#: Bins of hue, saturation and value.
BINS = (12, 4, 8)


@dataclass(frozen=True)
class ImageStep:
    """What happened between two images, as far as they tell."""

    turn: Pose | None = None  #: moves far points from the old camera's axes to the new; None: still
    scale: float = 1.0  #: the new image's size of what stands still, relative to the old one's
    is_known: bool = False  #: whether enough of the background was followed; else all is default
    is_cut: bool = False  #: the images show different scenes

    @property
    def is_moving(self) -> bool:
        """Whether the background tells how the camera moved, and it did."""
        return self.is_known and self.turn is not None


class ImageMotion:
    """Follows the background of one camera's images. A tracker owns it and asks once an image."""

    def __init__(self) -> None:
        self._last: tuple[np.ndarray, np.ndarray] | None = None  # small: in colour, grey

    def step(self, image_bgr: np.ndarray, people_px: np.ndarray, camera: Camera) -> ImageStep:
        """The step to an image (H, W, 3) uint8 from the last one, in which people's boxes were
        (N, 4) px."""
        factor = max(1, round(max(image_bgr.shape[:2]) / SIDE))
        height, width = (max(side // factor, 1) for side in image_bgr.shape[:2])
        # Whole pixels are averaged, which is fast and exact; a rest at the border is cut off.
        whole = image_bgr[: height * factor, : width * factor]
        small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        last, self._last = self._last, (small, grey)
        if last is None or last[1].shape != grey.shape:
            return ImageStep()
        before, old = last
        corners = _corners(old, people_px / factor)
        if len(corners) < FEWEST:
            return ImageStep()
        similarity, agreeing = _similarity(old, grey, corners)
        if agreeing < UNRELATED and _shows_something(grey):
            histograms = _histogram(before), _histogram(small)
            alike = cv2.compareHist(*histograms, cv2.HISTCMP_CORREL)
            return ImageStep(is_cut=alike < OTHER_SCENE)
        if similarity is None or agreeing < BELIEVED:
            return ImageStep()
        return _of_camera(similarity, factor, camera)


def _histogram(image_bgr: np.ndarray) -> np.ndarray:
    hsv = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2HSV)
    return cv2.calcHist([hsv], [0, 1, 2], None, BINS, [0, 180, 0, 256, 0, 256]).ravel()


def _corners(grey: np.ndarray, people_px: np.ndarray) -> np.ndarray:
    """(K, 1, 2) float32 corners outside boxes (N, 4)."""
    mask = np.full(grey.shape, 255, np.uint8)
    margin = MARGIN * (people_px[:, 2:] - people_px[:, :2])
    boxes = np.column_stack((people_px[:, :2] - margin, people_px[:, 2:] + margin))
    size = np.array(grey.shape[::-1] * 2)
    for x0, y0, x1, y1 in np.clip(np.rint(boxes), 0, size).astype(int):
        mask[y0:y1, x0:x1] = 0
    corners = cv2.goodFeaturesToTrack(grey, MOST_CORNERS, QUALITY, APART, mask=mask)
    return np.zeros((0, 1, 2), np.float32) if corners is None else corners


def _similarity(
    old: np.ndarray, new: np.ndarray, corners: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """(2, 3) from old to new pixels, and the share of the corners that agree with it."""
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        old, new, corners, np.empty_like(corners), winSize=(WINDOW, WINDOW), maxLevel=HALVINGS
    )
    good = found.ravel() > 0
    if good.sum() < FEWEST:
        return None, float(good.mean())
    similarity, agree = cv2.estimateAffinePartial2D(
        corners[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE
    )
    if similarity is None:
        return None, 0.0
    return similarity, float(agree.sum() / len(corners))


def _shows_something(grey: np.ndarray) -> bool:
    """Whether there would be something to follow: no lens cap, no light switched off."""
    corners = cv2.goodFeaturesToTrack(grey, MOST_CORNERS, QUALITY, APART)
    return corners is not None and len(corners) >= FEWEST and float(grey.std()) > 5


def _of_camera(similarity: np.ndarray, factor: int, camera: Camera) -> ImageStep:
    """The similarity (2, 3) of an image smaller by `factor` as a turn of the camera and a zoom."""
    scale = float(np.hypot(similarity[0, 0], similarity[1, 0]))
    roll = float(np.arctan2(similarity[1, 0], similarity[0, 0]))
    center = np.array((camera.cx, camera.cy)) / factor
    shift = (similarity[:, :2] @ center + similarity[:, 2] - center) * factor
    reach = max(camera.width, camera.height) / 2
    moved = max(np.abs(shift).max(), reach * abs(roll), reach * abs(scale - 1))
    if moved < STILL * factor:
        return ImageStep(is_known=True)
    turn = (-shift[1] / camera.fy, shift[0] / camera.fx, roll)
    return ImageStep(Pose(Rotation.from_rotvec(turn).as_matrix(), np.zeros(3)), scale, True)

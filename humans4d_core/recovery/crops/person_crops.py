"""People cut out of an image the way HMR 2.0 was trained to see them.

A box becomes the square around its middle that just holds the box widened to 3:4; the square
becomes 256x256 pixels, black outside the image, as normalised RGB:

    pixel i of a crop lies at  center + (i - 128) * size / 256  in the image

(pixels' centres have integer coordinates). Squares more than 2.2 times as large as their crop are
blurred before they are sampled, like the original does, but only where the crop will look.

Goel et al., "Humans in 4D" (2023), the single-image demo; see also `device_crops` for a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ...errors import ImageError

#: Side of a crop, pixels.
CROP = 256
#: Mean and standard deviation of ImageNet's RGB, gray levels.
MEAN = np.array((123.675, 116.28, 103.53), np.float32)
STD = np.array((58.395, 57.12, 57.375), np.float32)
#: Width over height of the part of a crop that the network sees.
_ASPECT = 192 / 256
#: Squares larger than this are blurred, px.
BLUR_ABOVE = 1.1 * 2 * CROP
# Standard deviation (px) from which on matrix products beat a sliding kernel.
_LARGE_SIGMA = 4.0
# Older OpenCV reads 8-bit images at 32nds of a pixel: three gray levels off where there is grain.
_WARP_IS_EXACT = int(cv2.__version__.partition(".")[0]) >= 5


@dataclass(frozen=True)
class Crops:
    """What the network sees of N people, and where it was in the image."""

    images: torch.Tensor  #: (N, 3, 256, 256) float32, normalised RGB
    centers: np.ndarray  #: (N, 2) float32 px, middles of the squares
    sizes: np.ndarray  #: (N,) float32 px, sides of the squares

    def __len__(self) -> int:
        return len(self.sizes)


def crop_people(image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> Crops:
    """Crops of the boxes (N, 4) px in an image (H, W, 3) uint8, equal to the original's.

    Boxes may reach beyond the image or lie outside it (a black crop), but must be finite and of
    positive size, else ValueError: see `humans4d_core.recovery.croppable_boxes.croppable`.
    """
    check_image(image_bgr)
    centers, sizes = box_squares(boxes_xyxy)
    images = np.empty((len(sizes), 3, CROP, CROP), np.float32)
    # OpenCV takes one square at a time; each keeps it busy for half a millisecond or more.
    for out, center, size in zip(images, centers, sizes, strict=True):
        patch = square_patch(image_bgr, center, size)
        np.multiply(patch[..., ::-1].transpose(2, 0, 1), 1 / STD[:, None, None], out=out)
        out -= (MEAN / STD)[:, None, None]
    return Crops(torch.from_numpy(images), centers.astype(np.float32), sizes.astype(np.float32))


def check_image(image_bgr: np.ndarray) -> None:
    """Raise ImageError for anything but (H, W, 3) uint8."""
    image = np.asarray(image_bgr)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ImageError(
            f"image has shape {image.shape} and type {image.dtype}: expected (H, W, 3) uint8"
        )


def box_squares(boxes_xyxy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles (N, 2) and sides (N,) px, float64, of the squares that boxes (N, 4) are seen in."""
    boxes = np.asarray(boxes_xyxy, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes have shape {boxes.shape}: expected (N, 4) x_min y_min x_max y_max")
    extents = boxes[:, 2:] - boxes[:, :2]
    wrong = ~(np.isfinite(boxes).all(1) & (extents > 0).all(1))
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(
            f"box {first} is {boxes[first].tolist()}: leave out boxes that are not finite or have "
            "no size"
        )
    return (boxes[:, :2] + boxes[:, 2:]) / 2, np.maximum(extents[:, 0] / _ASPECT, extents[:, 1])


def blur_sigma(sizes: np.ndarray | float) -> np.ndarray:
    """Standard deviation (px) of the Gaussian that squares of these sides are blurred with."""
    return np.where(np.asarray(sizes) > BLUR_ABOVE, (sizes / (2 * CROP) - 1) / 2, 0)


def square_patch(image: np.ndarray, center: np.ndarray, size: float) -> np.ndarray:
    """(256, 256, 3) gray levels of one square, middle and side in px: uint8, or float32 where it
    was blurred."""
    image_size = np.array(image.shape[1::-1])
    # Larger squares show the whole image as less than a pixel: their blur is of no account.
    sigma = min(float(blur_sigma(size)), 4.0 * image_size.max())
    radius = int(4 * sigma + 0.5)
    step = size / CROP
    start = center - CROP / 2 * step
    low = np.clip(np.floor(start) - radius, 0, image_size).astype(int)
    high = np.clip(np.floor(start + (CROP - 1) * step) + 2 + radius, 0, image_size).astype(int)
    if not (high > low).all():
        return np.zeros((CROP, CROP, 3), np.uint8)
    window = image[low[1] : high[1], low[0] : high[0]]
    start = start - low
    if sigma == 0 and not _WARP_IS_EXACT:
        positions = start[:, None] + step * np.arange(CROP)
        return np.rint(_blur_and_sample(window, positions, sigma))
    if sigma == 0:
        to_crop = np.array(((1 / step, 0, -start[0] / step), (0, 1 / step, -start[1] / step)))
        return cv2.warpAffine(
            window, to_crop, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
    # The original's warp of blurred (float) images reads at 32nds of a pixel, rounded like this.
    grid = np.rint(1024 * step * np.arange(CROP)) + np.rint(1024 * start)[:, None]
    grid = np.clip((grid + 16) // 32, -64, 32 * (high - low)[:, None] + 32).astype(np.int64)
    if sigma > _LARGE_SIGMA:
        return _blur_and_sample(window, grid / 32, sigma)
    kernel = _gaussian(sigma, radius)
    window = cv2.sepFilter2D(window, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
    whole, part = grid // 32, grid % 32
    corners = np.empty((CROP, CROP, 2), np.int16)
    corners[..., 0], corners[..., 1] = whole[0], whole[1][:, None]
    parts = (32 * part[1][:, None] + part[0]).astype(np.uint16)
    return cv2.remap(window, corners, parts, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _gaussian(sigma: float, radius: int) -> np.ndarray:
    """(2 * radius + 1,) float32, sums to 1."""
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(sigma, 1e-6)) ** 2)
    return (weights / weights.sum()).astype(np.float32)


def _blur_and_sample(window: np.ndarray, grid: np.ndarray, sigma: float) -> np.ndarray:
    """Blur and bilinear sampling are linear and separable: crop = R window C^T, at any size."""
    height, width = window.shape[:2]
    columns = _sampling_matrix(grid[0], width, sigma)
    rows = _sampling_matrix(grid[1], height, sigma)
    squeezed = np.zeros((CROP, width * 3), np.float32)
    for some in np.split(np.arange(CROP), 16):  # rows of the crop that read the same part
        read = np.flatnonzero(rows[some].any(0))
        if read.size:
            part = slice(read[0], read[-1] + 1)
            pixels = window[part].reshape(-1, width * 3).astype(np.float32)
            squeezed[some] = rows[some, part] @ pixels
    crop = np.tensordot(squeezed.reshape(CROP, width, 3), columns, axes=(1, 1))  # (256, 3, 256)
    return crop.transpose(0, 2, 1)


def _sampling_matrix(positions: np.ndarray, length: int, sigma: float) -> np.ndarray:
    """(256, length) float32: each crop pixel's weights of a window's pixels along one axis.

    Beyond the window the blur repeats its edge; the sampling fades to zero within one pixel.
    """
    radius = int(4 * sigma + 0.5)
    inside = np.clip(positions, 0, length - 1)
    fade = np.clip(1 - np.abs(positions - inside), 0, 1)
    whole = np.floor(inside)
    part = inside - whole
    cumulative = np.concatenate(((0,), np.cumsum(_gaussian(sigma, radius), dtype=np.float64)))
    # Sum of the kernel's weights up to each pixel, around the two pixels between which a position
    # lies; differences are the weights, and all that is left beyond an edge falls to its pixel.
    offsets = np.arange(length - 1) - whole[:, None].astype(int) + radius + 1
    below = (1 - part[:, None]) * cumulative[np.clip(offsets, 0, 2 * radius + 1)]
    below += part[:, None] * cumulative[np.clip(offsets - 1, 0, 2 * radius + 1)]
    weights = np.diff(below, axis=1, prepend=0, append=1)
    return (weights * fade[:, None]).astype(np.float32)

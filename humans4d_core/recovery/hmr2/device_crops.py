"""The crops of `crops`, of all people at once, on the device that runs the network.

The image travels to the device once, as it is. There one `grid_sample` reads every crop; where
squares are large, it reads 3x3 taps around each pixel, whose Gaussian weights stand for the blur of
the whole image. The taps are one pixel apart while the blur is small (squares up to 1100 px: the
kernel that the reference has, but for a thousandth), then 1.5 standard deviations, which is an
approximation: fine grain may come through.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from .crops import BLUR_ABOVE, CROP, MEAN, STD, Crops, box_squares, check_image, crop_people

_TAPS = 3
# Taps apart, in standard deviations of the blur, but never under a pixel.
_SPACING = 1.5
# Samples in flight, in crops: bounds the memory that a crowd of large people takes (200 MB).
_CHUNK = 16 * _TAPS**2


def crop_people_on(
    image_bgr: np.ndarray, boxes_xyxy: np.ndarray, device: torch.device | str
) -> Crops:
    """`crop_people` with its images on `device`, by the fastest way there.

    On a GPU that is `crop_people_batched`, on the CPU the reference itself.
    """
    if torch.device(device).type == "cpu":
        return crop_people(image_bgr, boxes_xyxy)
    return crop_people_batched(image_bgr, boxes_xyxy, device)


def crop_people_batched(
    image_bgr: np.ndarray, boxes_xyxy: np.ndarray, device: torch.device | str
) -> Crops:
    """Near to `crop_people`, all boxes (N, 4) px at once; takes and refuses what that does."""
    check_image(image_bgr)
    centers, sizes = (squares.astype(np.float32) for squares in box_squares(boxes_xyxy))
    if not len(sizes):
        return Crops(torch.empty((0, 3, CROP, CROP), device=device), centers, sizes)
    squares = torch.from_numpy(np.column_stack((centers, sizes))).to(device, non_blocking=True)
    images = sample_crops(upload_image(image_bgr, device), squares, (sizes > BLUR_ABOVE).any())
    return Crops(images, centers, sizes)


def upload_image(image_bgr: np.ndarray, device: torch.device | str) -> torch.Tensor:
    """(H, W, 3) uint8 on `device`; on a GPU by way of pinned memory, without waiting for it."""
    pinned = torch.device(device).type == "cuda"
    staging = torch.empty(image_bgr.shape, dtype=torch.uint8, pin_memory=pinned)
    staging.numpy()[...] = image_bgr
    return staging.to(device, non_blocking=True)


def sample_crops(image_bgr: torch.Tensor, squares: torch.Tensor, blur: bool = True) -> torch.Tensor:
    """Crops (N, 3, 256, 256) float32, normalised RGB, from an image (H, W, 3) uint8.

    squares (N, 3) float32: middle x, y and side, px. Shapes alone decide what is launched and the
    host never waits, so that a CUDA graph can hold it (after one call outside of it). `blur=False`
    reads one tap a pixel, which is all that squares up to `BLUR_ABOVE` need.
    """
    height, width = image_bgr.shape[:2]
    centers, sizes = squares[:, :2], squares[:, 2]
    pixels = torch.arange(CROP, device=squares.device) - CROP // 2
    positions = centers[:, :, None] + pixels * (sizes / CROP)[:, None, None]  # (N, 2, 256)
    # Last column and row, computed so that no constant travels to the device.
    last = torch.arange(2, device=squares.device)[:, None] * (height - width) + (width - 1)
    inside = torch.minimum(positions.clamp(min=0), last)
    fade = (1 - (positions - inside).abs()).clamp(min=0)

    taps = torch.arange(_TAPS if blur else 1, device=squares.device) - (_TAPS // 2 if blur else 0)
    sigma = ((sizes > BLUR_ABOVE) * (sizes / (2 * CROP) - 1) / 2)[:, None]
    offsets = taps * (_SPACING * sigma).clamp(min=1)  # (N, T)
    weights = torch.softmax(-0.5 * (offsets / sigma.clamp(min=1e-3)) ** 2, dim=1)
    weights = (weights[:, :, None] * weights[:, None]).flatten(1)  # (N, T * T)
    read = inside[:, :, None] + offsets[:, None, :, None]  # (N, 2, T, 256)
    read = (2 * read + 1) / (last[:, None] + 1) - 1

    planes = image_bgr.to(torch.float32).permute(2, 0, 1)[None]  # (1, 3, H, W)
    chunk = max(1, _CHUNK // weights.shape[1])
    images = torch.cat(
        [_read(planes, *part) for part in zip(read.split(chunk), weights.split(chunk), strict=True)]
    )
    images *= (fade[:, 1, :, None] * fade[:, 0, None])[:, None]
    scale, shift = _normalisation(squares.device)
    return images.mul_(scale).sub_(shift)


def _read(planes: torch.Tensor, read: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Sums (N, 3, 256, 256), weights (N, T * T), of BGR planes read at (N, 2, T, 256) in -1..1."""
    count, _, taps, _ = read.shape
    shape = (count, taps, taps, CROP, CROP)
    x = read[:, 0, None, :, None, :].expand(shape)
    y = read[:, 1, :, None, :, None].expand(shape)
    grid = torch.stack((x, y), dim=-1).view(1, -1, CROP, 2)
    samples = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    summed = weights[:, None] @ samples.view(3, count, taps**2, CROP**2)  # (3, N, 1, 256 * 256)
    return summed.view(3, count, CROP, CROP).flip(0).transpose(0, 1)


@lru_cache
def _normalisation(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor and offset of each channel (3, 1, 1)."""
    scale, shift = torch.from_numpy(1 / STD), torch.from_numpy(MEAN / STD)
    return scale[:, None, None].to(device), shift[:, None, None].to(device)

"""The crops of `crops`, of all people at once, on the device that runs the network.

The part of the image that people are in travels to the device once, as it is. There one
`grid_sample` reads every crop; where squares are large, it reads 3x3 taps around each pixel, whose
Gaussian weights stand for the blur of the whole image. The taps are one pixel apart while the blur
is small (squares up to 1100 px: the kernel that the reference has, but for a thousandth), then 1.5
standard deviations, which is an approximation: fine grain may come through.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from .host_buffer import HostBuffer
from .person_crops import BLUR_ABOVE, CROP, MEAN, STD, Crops, blur_sigma, box_squares, check_image

_TAPS = 3
# Taps apart, in standard deviations of the blur, but never under a pixel.
_SPACING = 1.5
# Samples in flight, in crops: bounds the memory that a crowd of large people takes (200 MB).
_CHUNK = 16 * _TAPS**2


class DeviceCropper:
    """Near to `crop_people`, all people of a frame at once, with one copy to the device.

    Takes and refuses what `crop_people` does.
    """

    def __init__(self, device: torch.device | str):
        self.device = torch.device(device)
        self._buffer = HostBuffer(torch.uint8, self.device)

    def __call__(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> Crops:
        """Crops of boxes (N, 4) px in an image (H, W, 3) uint8; their images are on the device."""
        check_image(image_bgr)
        centers, sizes = (squares.astype(np.float32) for squares in box_squares(boxes_xyxy))
        if not len(sizes):
            return Crops(torch.empty((0, 3, CROP, CROP), device=self.device), centers, sizes)
        rows, columns = visible_window(centers, sizes, *image_bgr.shape[:2])
        window = image_bgr[rows, columns]
        squares = np.column_stack(
            (centers - np.array((columns.start, rows.start), np.float32), sizes)
        )
        # The squares travel in front of the image: float32 has to begin at a multiple of 4 bytes.
        staging = self._buffer.of_size(squares.nbytes + window.size)
        host = staging.numpy()
        host[: squares.nbytes] = squares.view(np.uint8).ravel()
        host[squares.nbytes :].reshape(window.shape)[...] = window
        sent = staging.to(self.device, non_blocking=True)
        self._buffer.used()
        images = sample_crops(
            sent[squares.nbytes :].view(window.shape),
            sent[: squares.nbytes].view(torch.float32).view(squares.shape),
            blur=bool((sizes > BLUR_ABOVE).any()),
        )
        return Crops(images, centers, sizes)


def visible_window(
    centers: np.ndarray, sizes: np.ndarray, height: int, width: int
) -> tuple[slice, slice]:
    """Rows and columns of the image, at least one of each, that the crops of squares read."""
    reach = np.maximum(_SPACING * blur_sigma(sizes), 1)[:, None] + 2
    starts = centers - (CROP // 2) * (sizes / CROP)[:, None]
    low = np.floor((starts - reach).min(0))
    high = np.ceil((starts + sizes[:, None] + reach).max(0)) + 1
    limits = np.array((width, height))
    low = np.clip(low, 0, limits - 1).astype(int)
    high = np.clip(high, low + 1, limits).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


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

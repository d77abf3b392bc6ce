"""Squares of an image that the landmark network reads, at any size and turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...batch import Batch

#: Side of what the network reads, px.
CROP = 256


@dataclass(frozen=True)
class Regions(Batch):
    """Squares in the image: centers (N, 2) px, sizes (N,) px, angles (N,) rad that turn the
    image's up into the person's."""

    centers: np.ndarray
    sizes: np.ndarray
    angles: np.ndarray

    def crop_to_image(self) -> np.ndarray:
        """Affine maps (N, 2, 3) from crop pixels to image pixels."""
        cosine, sine = np.cos(self.angles), np.sin(self.angles)
        turn = np.stack((cosine, -sine, sine, cosine), -1).reshape(-1, 2, 2)
        turn = turn * (self.sizes / CROP)[:, None, None]
        shift = self.centers - turn @ np.full(2, CROP / 2)
        return np.concatenate((turn, shift[:, :, None]), -1)


def turn_size(angles: np.ndarray) -> np.ndarray:
    """How far angles (N,) rad turn, whichever way: in [0, pi]."""
    return np.abs((angles + np.pi) % (2 * np.pi) - np.pi)

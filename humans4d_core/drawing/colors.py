"""The colour of a track."""

from __future__ import annotations

import functools
import math

import numpy as np

#: Turning the hue by the golden angle keeps any run of ids apart.
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
#: Lightness and chroma take turns, so that ids whose hues come close still differ.
_LIGHTNESS_CHROMA = ((0.72, 0.17), (0.60, 0.20), (0.82, 0.15))
#: Oklab -> cube roots of the cone responses -> linear sRGB (Ottosson, "A perceptual color space
#: for image processing", 2020).
_OKLAB_TO_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
     [1, -0.0894841775, -1.2914855480]]
)  # fmt: skip
_CONES_TO_RGB = np.array(
    [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
     [-0.0041960863, -0.7034186147, 1.7076147010]]
)  # fmt: skip


@functools.lru_cache(maxsize=4096)
def id_color(track_id: int) -> tuple[int, int, int]:
    """Blue, green, red in 0..255: the same for an id everywhere, far from its neighbours'."""
    lightness, chroma = _LIGHTNESS_CHROMA[int(track_id) % len(_LIGHTNESS_CHROMA)]
    hue = int(track_id) * _GOLDEN_ANGLE
    lab = (lightness, chroma * math.cos(hue), chroma * math.sin(hue))
    linear = np.clip(_CONES_TO_RGB @ (_OKLAB_TO_CONES @ lab) ** 3, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(255 * float(v)) for v in rgb)
    return blue, green, red

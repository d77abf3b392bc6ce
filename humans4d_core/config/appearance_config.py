"""What is known of clothes in images: their colours, the light on them, and what they prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .part_config import PartConfig, setting


@dataclass(frozen=True)
class AppearanceConfig(PartConfig):
    """Colours are log brightness, log red/green and log yellow/blue; sigma: a standard deviation.

    All of it is of light, cloth and cameras. It stands here to be varied by whoever judges it.
    """

    part: ClassVar[str] = "appearance's"

    # fmt: off
    visibility_pixels: int = setting(
        50_000,
        "Pixels of all people's boxes together, at most, in the z-buffer that tells who hides "
        "whom: larger images are rendered smaller.",
        1_000, 10_000_000, parameter=None,
    )
    visibility_width: int = setting(
        640, "Columns of that z-buffer, at most.", 32, 8192, parameter=None,
    )
    facing: float = setting(
        0.3,
        "Cosine between a point's normal and the ray to it, at least: flatter points sample the "
        "background.",
        0.0, 1.0, parameter=None,
    )
    dark: float = setting(
        24.0,
        "Added to a channel in 0..255 before its logarithm: sensor noise and stray light in dark "
        "clothes.",
        0.5, 255.0, parameter=None,
    )
    brightness_sigma: float = setting(
        0.2, "Of one person's log brightness from sample to sample: light and shade.",
        0.01, 2.0, parameter=None,
    )
    hue_sigma: float = setting(
        0.1, "Of one person's log red/green and log yellow/blue from sample to sample.",
        0.01, 2.0, parameter=None,
    )
    light_brightness: float = setting(
        1.5,
        "Sigma of what a change of light adds to the brightness of all of a person at once, in "
        "brightness_sigma.",
        0.01, 10.0, parameter=None,
    )
    light_hue: float = setting(
        0.5, "The same of the two hues, in hue_sigma.", 0.01, 10.0, parameter=None,
    )
    outlier: float = setting(
        9.0, "Squared distance of two samples of a point from which on they only say that they "
        "differ.", 0.5, 100.0, parameter=None,
    )
    min_part_points: int = setting(
        4, "Points that make the mean colour of a part of the body.", 1, 100, parameter=None,
    )
    min_common_points: int = setting(
        12, "Points in common that make a comparison.", 1, 1000, parameter=None,
    )
    min_common_parts: int = setting(
        2, "Parts in common that make a comparison.", 1, 4, parameter=None,
    )
    points_alike: float = setting(
        5.0,
        "2 log likelihood ratio of \"one person\" to \"two people\" where points are equal. This "
        "and the next four: logistic fits to pairs of images of passers-by 100 px high, seconds "
        "apart.",
        0.0, 50.0, parameter=None,
    )
    points_slope: float = setting(
        1.0, "What a unit of the points' distance takes from it.", 0.0, 50.0, parameter=None,
    )
    parts_alike: float = setting(
        7.0, "The same as points_alike of parts.", 0.0, 50.0, parameter=None,
    )
    parts_slope: float = setting(
        2.0, "The same as points_slope of parts.", 0.0, 50.0, parameter=None,
    )
    parts_weight: float = setting(
        0.75, "Weight of parts, beside that of points, in the mean of what both say.",
        0.0, 1.0, parameter=None,
    )
    update: float = setting(
        0.1,
        "Share of a new sample in what a track remembers, 1/30 s after its last, where the sample "
        "is sure; times its squared confidence.",
        0.001, 1.0, parameter=None,
    )
    # fmt: on


DEFAULT = AppearanceConfig()

"""How the people of several cameras become one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .part_config import PartConfig, setting


@dataclass(frozen=True)
class FusionConfig(PartConfig):
    """Seconds, metres, radians; sigma, and what may be wrong: a standard deviation."""

    part: ClassVar[str] = "fusion's"

    # fmt: off
    window: float = setting(
        0.05,
        "Seconds for which a list waits, after the first camera told of its people, for those of "
        "the others.",
        0.0, 1.0,
    )
    late: float = setting(
        0.5,
        "Seconds by which the people of a camera may be older than the newest of all: older ones "
        "are left out and counted.",
        0.0, 10.0,
    )
    silent: float = setting(
        1.0, "Seconds without a message after which a camera's people no longer count.", 0.05, 60.0,
    )
    remember: float = setting(
        2.0,
        "Seconds for which somebody whom all cameras have lost is predicted, so that the next "
        "camera's view finds the same id. Then the person is LOST.",
        0.0, 60.0,
    )
    calibration_sigma: float = setting(
        0.05, "Metres by which each camera's place in the common frame may be wrong.", 0.0, 5.0,
    )
    calibration_angle: float = setting(
        0.0175,
        "Radians by which each camera's direction may be wrong: the farther people are, the less "
        "two cameras have to agree.",
        0.0, 0.5,
    )
    skew_sigma: float = setting(
        0.03, "Seconds by which a camera's stamps may be wrong.", 0.0, 1.0,
    )

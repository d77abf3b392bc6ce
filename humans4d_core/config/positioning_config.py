"""What can be set on positioning: how well sizes, grounds and depth sensors are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .part_config import PartConfig, setting


@dataclass(frozen=True)
class PositioningConfig(PartConfig):
    """Lengths in metres, angles in radians, times in seconds; sigma: a standard deviation.

    Only the ground's tilt differs from robot to robot. The others are of people and sensors; they
    stand here to be varied by whoever judges them.
    """

    part: ClassVar[str] = "positioning"

    ground_tilt_sigma: float = setting(
        0.005,
        "Standard deviation in radians of a known ground's slope and of the camera's tilt over it. "
        "A camera that was calibrated where it hangs: 0.002. A degree costs 9 cm of height at 5 m.",
        0.0001, 0.2, live=True, parameter="ground_tilt_sigma",
    )  # fmt: skip
    ground_height_sigma: float = setting(
        0.01, "m, of a known ground's height: floors are not even.", 0.0001, 1.0, parameter=None
    )
    shoe_sole: float = setting(
        0.025,
        "m between the skin of a body model, which is barefoot, and the ground: the allowance for "
        "shoes of Pheasant and Haslegrave, Bodyspace (2006).",
        0.0, 0.1, parameter=None,
    )  # fmt: skip
    contact_sigma: float = setting(
        0.025,
        "m, of the height of a body's lowest point: landmarks of a crop, clothes, a heel that "
        "leaves the ground.",
        0.001, 0.5, parameter=None,
    )  # fmt: skip
    contact_sigma_px: float = setting(
        2.0, "Pixels of the image that the lowest point is off, beside contact_sigma.",
        0.1, 50.0, parameter=None,
    )  # fmt: skip
    contact_confidence: float = setting(
        0.2,
        "Relative confidence of a joint below which its contact is a guess. Above it, the standard "
        "deviation grows as the confidence falls.",
        0.01, 1.0, parameter=None,
    )  # fmt: skip
    posture_sigma: float = setting(
        0.08,
        "m along the ray between the point that was measured (a foot, the skin) and the pelvis: a "
        "recovered pose leans a little to the front or back.",
        0.001, 1.0, parameter=None,
    )  # fmt: skip
    believable: float = setting(
        6.6,
        "Squared deviation, in variances, that 99 % of honest measurements of one dimension keep. "
        "A measurement farther off is believed the less: somebody jumps, or stands on a step.",
        1.0, 100.0, parameter=None,
    )  # fmt: skip
    smallest: float = setting(
        0.4, "Factor on its size below which no body is made smaller: no dolls.",
        0.05, 1.0, parameter=None,
    )  # fmt: skip
    largest: float = setting(
        2.0, "Factor on its size above which no body is made larger: no giants.",
        1.0, 10.0, parameter=None,
    )  # fmt: skip
    skin_sigma: float = setting(
        0.03, "m, of a body's depth as a whole: clothes and the fit of the pose.",
        0.001, 0.5, parameter=None,
    )  # fmt: skip
    sensor_sigma: float = setting(
        0.01, "Share of the measured depth by which the sensor's calibration is off.",
        0.0, 0.5, parameter=None,
    )  # fmt: skip
    memory_seconds: float = setting(
        60.0, "s until an image no longer counts for the learned ground.", 1.0, 3600.0,
        parameter=None,
    )  # fmt: skip
    person_seconds: float = setting(
        10.0,
        "s of one person that count as one measurement of size: to be wrong about someone's size a "
        "hundred times teaches nothing new.",
        0.1, 600.0, parameter=None,
    )  # fmt: skip
    ground_unsure: float = setting(
        0.2, "Relative sigma of a distance above which the learned ground says nothing.",
        0.01, 1.0, parameter=None,
    )  # fmt: skip
    ground_surprise: float = setting(
        9.0,
        "Mean squared deviation, in variances over surprise_seconds, above which this is another "
        "ground or another camera.",
        1.0, 1000.0, parameter=None,
    )  # fmt: skip
    surprise_seconds: float = setting(2.0, "s, see ground_surprise.", 0.1, 60.0, parameter=None)
    lean_doubted: float = setting(
        0.55,
        "Share of a lean to or from the camera that is the recovery's mistake. In motion capture "
        "of people who walk and stand (CMU), the hips are over the middle of ankles and balls of "
        "the feet to within 0.06 m; recovered passers-by lean by 0.09 m.",
        0.0, 1.0, parameter=None,
    )  # fmt: skip


DEFAULT = PositioningConfig()

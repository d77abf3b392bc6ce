"""What can be set on a tracker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ..errors import Humans4dError
from .appearance_config import AppearanceConfig
from .part_config import PartConfig, setting


@dataclass(frozen=True)
class TrackerConfig(PartConfig):
    """Times in seconds of the images' stamps, whatever the frame rate (2 to 30 Hz).

    Raises Humans4dError for a value out of its range.
    """

    part: ClassVar[str] = "tracker's"

    appearance: AppearanceConfig = AppearanceConfig()  #: how clothes are read and compared

    # fmt: off
    confirm_seconds: float = setting(
        0.0, "Seconds for which a person must have been seen to be CONFIRMED.", 0, 60, live=True,
    )
    confirm_hits: int = setting(
        2,
        "Images in which a person must have been seen to be CONFIRMED; 2 are always enough where "
        "the box is sure.",
        2, 1000, live=True,
    )
    tentative_seconds: float = setting(
        0.3, "Seconds for which a TENTATIVE track may go unseen before it is LOST.", 0, 60,
        live=True,
    )
    occluded_seconds: float = setting(
        3.0,
        "Seconds for which a CONFIRMED track may go unseen (OCCLUDED) before it is LOST, at most: "
        "where people stay only briefly, patience is shorter. Longer than the time between two "
        "images.",
        0.05, 60, live=True,
    )
    start_score: float = setting(
        0.0,
        "Score in [0, 1] of a body that may start a track: about half of what the detector says of "
        "people in plain view. Detectors differ, so 0 leaves it to the detector.",
        0, 1, live=True,
    )
    continue_score: float = setting(
        0.1, "Score in [0, 1] of a body that may continue a track; weaker ones are ignored.", 0, 1,
        live=True,
    )
    walking_speed: float = setting(
        0.9,
        "Spread of people's velocity along each axis in m/s, relative to the fixed frame where the "
        "camera's motion is known, otherwise to the camera.",
        0.05, 10, live=True,
    )
    velocity_seconds: float = setting(
        6.0, "Seconds over which a person forgets a velocity.", 0.1, 60, live=True,
    )
    use_appearance: bool = setting(
        True,
        "Whether clothes help to tell people apart. A tracker of bodies without a Surface goes "
        "without them.",
    )
    use_position: bool = setting(
        True, "Whether a place in metres that a track cannot believe speaks against it.", live=True,
    )
    use_joints: bool = setting(
        True, "Whether joints that fall together in the image tell that two boxes show one person.",
        live=True,
    )
    use_images: bool = setting(
        True,
        "Whether the background of the images tells how the camera turned and where the film was "
        "cut, while nobody tells where the camera is: 3 ms an image.", live=True,
    )
    reidentify_seconds: float = setting(
        20.0,
        "Seconds after which a person who was LOST is forgotten. Who returns earlier and looks the "
        "same gets a new track_id and the old person_id. 0: nobody is recognised.",
        0, 1e6, live=True,
    )
    duplicate_iou: float = setting(
        0.7, "Intersection over union above which two boxes show one person.", 0.05, 1, live=True,
    )
    # fmt: on

    def with_start_score(self, score: float) -> TrackerConfig:
        """With `score` where start_score is left at 0. What may start a track may continue one."""
        start = self.start_score or score
        lower = min(self.continue_score, start)
        return replace(self, start_score=start, continue_score=lower)

    def __post_init__(self) -> None:
        super().__post_init__()
        low, start = self.continue_score, self.start_score
        if start and start < low:
            raise Humans4dError(f"tracker's start_score is {start:g}: give 0, or {low:g} to 1")

"""What can be set on a tracker."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from ..errors import Humans4dError


def _number(default: float, low: float, high: float):
    """A field with its smallest and largest value: what people and cameras can be, with room."""
    return field(default=default, metadata={"low": type(default)(low), "high": type(default)(high)})


@dataclass(frozen=True)
class TrackerConfig:
    """Times in seconds of the images' stamps, whatever the frame rate (2 to 30 Hz).

    Raises Humans4dError for a value out of its range.
    """

    #: s a person must have been seen for, and in how many images (at least 2), to be CONFIRMED.
    confirm_seconds: float = _number(0.4, 0, 60)
    confirm_hits: int = _number(2, 2, 1000)
    #: s a TENTATIVE track may go unseen before it is LOST.
    tentative_seconds: float = _number(0.3, 0, 60)
    #: s a CONFIRMED track may go unseen (OCCLUDED) before it is LOST. Longer than a frame's period.
    occluded_seconds: float = _number(3.0, 0.05, 60)
    #: Score in [0, 1] of a body that may start a track: about half of what the detector says of
    #: people in plain view. Detectors differ, so 0 leaves it to the detector (Detector.start_score;
    #: a tracker that is told by none lets every body start one).
    start_score: float = _number(0.0, 0, 1)
    #: Score in [0, 1] of a body that may continue a track; weaker ones are ignored.
    continue_score: float = _number(0.1, 0, 1)
    #: m/s, spread of people's velocity along each axis, relative to the fixed frame where the
    #: camera's motion is known, otherwise to the camera.
    walking_speed: float = _number(0.9, 0.05, 10)
    #: s over which a person forgets a velocity.
    velocity_seconds: float = _number(6.0, 0.1, 60)
    #: Whether clothes help to tell people apart; a tracker that knows no Surface goes without.
    use_appearance: bool = True
    #: Whether a place in metres that a track cannot believe speaks against it.
    use_position: bool = True
    #: Whether joints that fall together in the image tell that two boxes show one person.
    use_joints: bool = True
    #: s after which a person who was LOST is forgotten: who returns earlier and looks the same
    #: gets a new track_id and the old person_id. 0: nobody is recognised.
    reidentify_seconds: float = _number(20.0, 0, 1e6)
    #: Intersection over union above which two boxes show one person, once.
    duplicate_iou: float = _number(0.7, 0.05, 1)

    def __post_init__(self):
        for f in fields(self):
            check_value(f.name, getattr(self, f.name))
        low, start = self.continue_score, self.start_score
        if start and start < low:
            raise Humans4dError(f"tracker's start_score is {start:g}: give 0, or {low:g} to 1")


def check_value(name: str, value) -> None:
    """Whether a field may have a value, whatever the others have; raises Humans4dError."""
    f = TrackerConfig.__dataclass_fields__[name]
    what = f"tracker's {name} is"
    if f.type == "bool":
        if not isinstance(value, bool):
            raise Humans4dError(f"{what} {value!r}: give true or false")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Humans4dError(f"{what} {value!r}: give a number")
    if not math.isfinite(value):
        raise Humans4dError(f"{what} {value:g}: give a finite number")
    low, high = f.metadata["low"], f.metadata["high"]
    if not low <= value <= high:
        kind = "a number above 0, " if low > 0 else ""
        raise Humans4dError(f"{what} {value:g}: give {kind}{low:g} to {high:g}")
    if f.type == "int" and value != int(value):
        raise Humans4dError(f"{what} {value:g}: give a whole number")

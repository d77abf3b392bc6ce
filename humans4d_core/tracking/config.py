"""What can be set on a tracker."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from ..errors import Humans4dError


@dataclass(frozen=True)
class TrackerConfig:
    """Times in seconds of the images' stamps, whatever the frame rate (2 to 30 Hz).

    Raises Humans4dError for a value out of its range.
    """

    #: s a person must have been seen for, and in how many images (at least 2), to be CONFIRMED.
    confirm_seconds: float = 0.4
    confirm_hits: int = 2
    #: s a TENTATIVE track may go unseen before it is LOST.
    tentative_seconds: float = 0.3
    #: s a CONFIRMED track may go unseen (OCCLUDED) before it is LOST. Longer than a frame's period.
    occluded_seconds: float = 3.0
    #: Score in [0, 1] of a body that may start a track: about half of what the detector says of
    #: people in plain view. Detectors differ, so 0 leaves it to the detector (Detector.start_score;
    #: a tracker that is told by none lets every body start one).
    start_score: float = 0.0
    #: Score in [0, 1] of a body that may continue a track; weaker ones are ignored.
    continue_score: float = 0.1
    #: m/s, spread of people's velocity along each axis, relative to the fixed frame where the
    #: camera's motion is known, otherwise to the camera.
    walking_speed: float = 0.9
    #: s over which a person forgets a velocity.
    velocity_seconds: float = 6.0
    #: Whether clothes help to tell people apart; a tracker that knows no Surface goes without.
    use_appearance: bool = True
    #: Whether a place in metres that a track cannot believe speaks against it.
    use_position: bool = True
    #: Whether joints that fall together in the image tell that two boxes show one person.
    use_joints: bool = True
    #: s after which a person who was LOST is forgotten: who returns earlier and looks the same
    #: gets a new track_id and the old person_id. 0: nobody is recognised.
    reidentify_seconds: float = 20.0
    #: Intersection over union above which two boxes show one person, once.
    duplicate_iou: float = 0.7

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "bool":
                if not isinstance(value, bool):
                    raise Humans4dError(f"tracker's {f.name} is {value!r}: give true or false")
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise Humans4dError(f"tracker's {f.name} is {value!r}: give a number")
            if not math.isfinite(value):
                raise Humans4dError(f"tracker's {f.name} is {value:g}: give a finite number")
        for name in ("confirm_seconds", "tentative_seconds", "reidentify_seconds"):
            self._check(name, getattr(self, name) >= 0, "0 or more seconds")
        for name in ("occluded_seconds", "walking_speed", "velocity_seconds"):
            self._check(name, getattr(self, name) > 0, "a number above 0")
        hits = self.confirm_hits
        self._check("confirm_hits", hits >= 2 and hits == int(hits), "a whole number of 2 or more")
        self._check("continue_score", 0 <= self.continue_score <= 1, "a score between 0 and 1")
        low = self.continue_score
        start = self.start_score
        self._check("start_score", start == 0 or low <= start <= 1, f"0, or {low:g} to 1")
        self._check("duplicate_iou", 0 < self.duplicate_iou <= 1, "a ratio above 0, at most 1")

    def _check(self, name: str, valid: bool, wanted: str) -> None:
        if not valid:
            raise Humans4dError(f"tracker's {name} is {getattr(self, name):g}: give {wanted}")

"""What can be set on the reproduced PHALP' tracker."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...errors import Humans4dError
from .phalp_cost import EQUATIONS


@dataclass(frozen=True)
class PhalpConfig:
    """The released tracker's settings, with its values as defaults. It counts frames, not seconds.

    Raises Humans4dError for a value out of its range.
    """

    #: Which fit of the cost's weights: "EQ_019" or "EQ_010".
    equation: str = "EQ_019"
    #: Score in [0, 1] below which a body is dropped. Detectors differ: the released value is
    #: ViTDet's, others want their own (Detector.start_score).
    min_score: float = 0.8
    #: Width and height (px) of the smallest box that is tracked.
    min_box_px: tuple[float, float] = (50.0, 100.0)
    #: Hits after which a track is CONFIRMED.
    confirm_hits: int = 5
    #: Frames that a CONFIRMED track may go unseen before it is LOST.
    max_age: int = 50
    #: Cost above which a body is not the track's.
    max_cost: float = 100.0

    def __post_init__(self):
        if self.equation not in EQUATIONS:
            raise Humans4dError(
                f"PHALP's equation is {self.equation!r}: give one of {', '.join(EQUATIONS)}"
            )
        box = self.min_box_px
        if not isinstance(box, (tuple, list)) or len(box) != 2 or not all(map(_is_size, box)):
            raise Humans4dError(f"PHALP's min_box_px is {box!r}: give a width and a height in px")
        for name, valid, wanted in (
            ("min_score", _is_size(self.min_score) and self.min_score <= 1, "a score from 0 to 1"),
            ("confirm_hits", _is_count(self.confirm_hits), "a whole number of 1 or more"),
            ("max_age", _is_count(self.max_age), "a whole number of 1 or more"),
            ("max_cost", _is_size(self.max_cost) and self.max_cost > 1, "a number above 1"),
        ):
            if not valid:
                raise Humans4dError(f"PHALP's {name} is {getattr(self, name)!r}: give {wanted}")


def _is_size(value) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0


def _is_count(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1

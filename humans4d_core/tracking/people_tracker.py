"""What every tracker offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..config import TrackerConfig
from ..types import Bodies, Forecast, Frame, People


class PeopleTracker(Protocol):
    """Follows people through the frames of one camera. Not thread-safe: one worker owns it."""

    #: Of the next person. A tracker that follows another one goes on where that one was.
    next_id: int

    @property
    def start_score(self) -> float:
        """Score in [0, 1] of a body that may start a track."""

    def reconfigure(self, config: TrackerConfig) -> None:
        """From the next frame on, as far as the tracker has what can be set."""

    def update(self, frame: Frame, bodies: Bodies) -> People:
        """People in `frame`, in the order of their ids."""

    def forecast(self, seconds: Sequence[float]) -> Forecast:
        """Where the people of the last update, in their order, are expected `seconds` (T,) later.

        In the axes of that update's camera: in the fixed frame where its Frame had one, otherwise
        relative to the moving camera. Raises Humans4dError for seconds below 0 or not finite.
        """

    def reset(self) -> None:
        """Forget everybody without a word; ids go on counting."""

"""The one thing the pipeline knows of a recovery."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ..body import BodyModel
from ..types import Bodies, Detections, Frame


class Recovery(Protocol):
    """Makes a body for each box of an image. `name` is what the user chose it by."""

    name: str
    body: BodyModel
    device: str  #: where it computes, for people to read
    description: str  #: what was chosen and why, for the log

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        """Bodies in the frame's camera, in the detections' order.

        A detection that shows no person, or whose box cannot be cropped, is left out: the result
        carries its own boxes and scores and may be shorter, never longer.
        """
        ...


@runtime_checkable
class TimedRecovery(Recovery, Protocol):
    """A recovery that can make do with less time."""

    def limit(self, seconds: float) -> None:
        """How long the next image may take."""
        ...


@runtime_checkable
class BatchRecovery(Recovery, Protocol):
    """A recovery that is faster with the people of many images than with those of one."""

    def recover_images(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[Bodies]:
        """What `recover` makes of each image, all at once."""
        ...

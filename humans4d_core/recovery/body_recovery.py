"""The one thing the pipeline knows of a recovery."""

from typing import Protocol

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

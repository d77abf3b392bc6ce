"""Takes everybody for real whom one image shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..config import PipelineConfig, TrackerConfig
from ..detection import GivenBoxes
from ..errors import Humans4dError
from ..geometry.boxes import iou
from ..pipeline import Pipeline, create_pipeline
from ..tracking.published_bodies import usable_rows
from ..types import Bodies, Forecast, Frame, People, TrackState

#: Score from which a box counts that the user has given: all do.
GIVEN_SCORE = 0.01


def photo_pipeline(
    config: PipelineConfig,
    most: int | None = None,
    boxes_are_given: bool = False,
    is_numbered_on: bool = False,
) -> Pipeline:
    """A pipeline in whose every result all bodies of the image are CONFIRMED, numbered from 1, the
    largest first.

    most: of the largest people, None for all. boxes_are_given: with each image, and all of them
    count. is_numbered_on: from image to image, so that nobody has a number twice. Call `reset`
    between images: two photographs are no film. Raises as `create_pipeline` does.
    """
    detector = GivenBoxes(GIVEN_SCORE) if boxes_are_given else None
    pipeline = create_pipeline(config, detector=detector)
    pipeline.tracker = Everybody(
        config.tracker.with_start_score(pipeline.tracker.start_score), most, is_numbered_on
    )
    return pipeline


class Everybody:
    """A tracker (PeopleTracker) that follows nobody."""

    def __init__(
        self, config: TrackerConfig, most: int | None = None, is_numbered_on: bool = False
    ):
        self._config, self._most, self._is_numbered_on = config, most, is_numbered_on
        self.next_id = 1

    @property
    def start_score(self) -> float:
        """Score in [0, 1] of a body that counts."""
        return self._config.start_score

    def reconfigure(self, config: TrackerConfig) -> None:
        self._config = config

    def update(self, frame: Frame, bodies: Bodies) -> People:
        """All bodies that are sure enough, each person once."""
        rows = usable_rows(bodies, self.start_score)  # best first
        boxes = bodies.boxes_px[rows]
        is_double = np.tril(iou(boxes, boxes) > self._config.duplicate_iou, -1).any(axis=1)
        rows = rows[~is_double]
        size = bodies.boxes_px[rows, 2:] - bodies.boxes_px[rows, :2]
        rows = rows[np.argsort(-size.prod(1), kind="stable")][: self._most]
        n = len(rows)
        ids = np.arange(self.next_id, self.next_id + n, dtype=np.uint32)
        self.next_id += n * self._is_numbered_on
        found = bodies.select(rows)
        return People(
            ids, ids, np.full(n, TrackState.CONFIRMED, np.uint8), np.full(n, frame.stamp_ns),
            found.scores.astype(np.float32), found, np.zeros((n, 3), np.float32),
            found.pelvis_covariance_cam, np.zeros((n, 3, 3), np.float32),
        )  # fmt: skip

    def forecast(self, seconds: Sequence[float]) -> Forecast:
        raise Humans4dError("a photograph has no motion to forecast")

    def reset(self) -> None:
        """There is nothing to forget."""

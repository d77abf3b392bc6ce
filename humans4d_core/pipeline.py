"""Frame -> people: the whole flow on one page.

    image, stamp, camera -> detect -> boxes -> recover -> bodies -> place -> track -> people

One frame goes down once; nothing comes back up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .detection import DEFAULT_DETECTOR, Detector, create_detector
from .positioning import Positioning
from .recovery import DEFAULT_ENGINE, DEFAULT_RECOVERY, Recovery, create_recovery
from .tracking import PeopleTracker, TrackerConfig
from .tracking.create import DEFAULT_TRACKER, create_tracker
from .types import Bodies, Detections, Frame, People


@dataclass(frozen=True)
class Result:
    """What one frame became, and what it cost."""

    people: People
    detections: Detections  #: those that bodies were made of
    seconds: dict[str, float]  #: wall time of "detect", "recover" with placing, "track"
    #: Detections that could have started a track, of which the recovery made no body.
    boxes_without_body: int = 0
    #: Detections beyond the pipeline's max_people, the least sure ones: nothing was made of them.
    boxes_left_out: int = 0


#: People of an image, at most: what a body costs bounds what an image costs.
DEFAULT_MAX_PEOPLE = 100


class Pipeline:
    """A detector, a recovery and a tracker in a row. Not thread-safe: one worker owns it.

    positioning: who puts the recovery's bodies at their distance; None leaves them as they are.
    max_people: of an image, at most; of more detections the surest are kept.
    """

    def __init__(
        self,
        detector: Detector,
        recovery: Recovery,
        tracker: PeopleTracker,
        positioning: Positioning | None = None,
        max_people: int = DEFAULT_MAX_PEOPLE,
    ):
        self.detector = detector
        self.recovery = recovery
        self.positioning = positioning
        self.tracker = tracker
        self.max_people = max_people

    def process(self, frame: Frame, detections: Detections | None = None) -> Result:
        """People of a frame; `detections` given by the caller replace the detector's.

        Stamps are expected to grow; one that goes back (a bag that loops) resets the tracker.
        """
        start = time.perf_counter()
        if detections is None:
            detections = self.detector.detect(frame.image_bgr)
        found = len(detections)
        detections = _surest(detections, self.max_people)
        detected = time.perf_counter()
        bodies = self.recovery.recover(frame, detections)
        without_body = _without_body(detections, bodies, self.tracker.start_score)
        if self.positioning is not None:
            bodies = self.positioning.place(frame, bodies)
        recovered = time.perf_counter()
        people = self.tracker.update(frame, bodies)
        tracked = time.perf_counter()
        seconds = {
            "detect": detected - start,
            "recover": recovered - detected,
            "track": tracked - recovered,
        }
        return Result(people, detections, seconds, without_body, found - len(detections))

    def reset(self) -> None:
        """Forget everybody and where the ground is; ids go on counting."""
        if self.positioning is not None:
            self.positioning.reset()
        self.tracker.reset()


def _surest(detections: Detections, most: int) -> Detections:
    """The `most` detections of the highest scores, in the order that they are in."""
    if len(detections) <= most:
        return detections
    order = np.argsort(-detections.scores, kind="stable")
    return detections.select(np.sort(order[:most]))


def _without_body(detections: Detections, bodies: Bodies, start_score: float) -> int:
    """How many of the detections that may start a track are not among the bodies' boxes."""
    sure = detections.boxes_px[detections.scores >= start_score]
    has_body = (sure[:, None] == bodies.boxes_px[None]).all(-1).any(1)
    return int(np.count_nonzero(~has_body))


def create_pipeline(
    detector: str | Detector = DEFAULT_DETECTOR,
    recovery: str = DEFAULT_RECOVERY,
    threads: int | None = None,
    tracker_config: TrackerConfig | None = None,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    tracker: str = DEFAULT_TRACKER,
    pose_predictor: Path | None = None,
    engine: str = DEFAULT_ENGINE,
    max_people: int = DEFAULT_MAX_PEOPLE,
) -> Pipeline:
    """A pipeline of parts by name, or a detector of one's own; `threads` of the CPU, None for all.

    checkpoint, device and engine are HMR 2.0's, see Hmr2Recovery. Where tracker_config leaves
    start_score at 0, tracks start from the detector's own; see create_tracker. max_people: see
    Pipeline.

    Raises Humans4dError where a name is unknown, ModelFileError where a model cannot be used.
    """
    finder = create_detector(detector, threads) if isinstance(detector, str) else detector
    sure_score = (tracker_config and tracker_config.start_score) or finder.start_score
    bodies = create_recovery(recovery, threads, checkpoint, device, engine, sure_score)
    follower = create_tracker(
        tracker, tracker_config, bodies.body, finder.start_score, pose_predictor
    )
    return Pipeline(finder, bodies, follower, Positioning(bodies.body), max_people)

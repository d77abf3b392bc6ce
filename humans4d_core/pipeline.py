"""Frame -> people: the whole flow on one page.

    image, stamp, camera -> detect -> boxes -> recover -> bodies -> place -> track -> people

One frame goes down once; nothing comes back up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from .detection import DEFAULT_DETECTOR, Detector, create_detector
from .positioning import Positioning
from .recovery import DEFAULT_ENGINE, DEFAULT_RECOVERY, Recovery, create_recovery
from .tracking import PeopleTracker, TrackerConfig
from .tracking.create import DEFAULT_TRACKER, create_tracker
from .types import Detections, Frame, People


@dataclass(frozen=True)
class Result:
    """What one frame became, and what it cost."""

    people: People
    detections: Detections
    seconds: dict[str, float]  #: wall time of "detect", "recover" with placing, "track"


class Pipeline:
    """A detector, a recovery and a tracker in a row. Not thread-safe: one worker owns it.

    positioning: who puts the recovery's bodies at their distance; None leaves them as they are.
    """

    def __init__(
        self,
        detector: Detector,
        recovery: Recovery,
        tracker: PeopleTracker,
        positioning: Positioning | None = None,
    ):
        self.detector = detector
        self.recovery = recovery
        self.positioning = positioning
        self.tracker = tracker

    def process(self, frame: Frame, detections: Detections | None = None) -> Result:
        """People of a frame; `detections` given by the caller replace the detector's.

        Stamps are expected to grow; one that goes back (a bag that loops) resets the tracker.
        """
        start = time.perf_counter()
        if detections is None:
            detections = self.detector.detect(frame.image_bgr)
        detected = time.perf_counter()
        bodies = self.recovery.recover(frame, detections)
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
        return Result(people, detections, seconds)

    def reset(self) -> None:
        """Forget everybody and where the ground is; ids go on counting."""
        if self.positioning is not None:
            self.positioning.reset()
        self.tracker.reset()


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
) -> Pipeline:
    """A pipeline of parts by name, or a detector of one's own; `threads` of the CPU, None for all.

    checkpoint, device and engine are HMR 2.0's, see Hmr2Recovery. Where tracker_config leaves
    start_score at 0, tracks start from the detector's own; see create_tracker.

    Raises Humans4dError where a name is unknown, ModelFileError where a model cannot be used.
    """
    finder = create_detector(detector, threads) if isinstance(detector, str) else detector
    bodies = create_recovery(recovery, threads, checkpoint, device, engine)
    follower = create_tracker(
        tracker, tracker_config, bodies.body, finder.start_score, pose_predictor
    )
    return Pipeline(finder, bodies, follower, Positioning(bodies.body))

"""Frame -> people: the whole flow on one page.

    image, stamp, camera -> detect -> boxes -> recover -> bodies -> place -> track -> people

One frame goes down once; nothing comes back up.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .batch import joined
from .config import SETTINGS, PipelineConfig
from .detection import Detector, GivenBoxes, create_detector
from .errors import Humans4dError, ImageError
from .positioning import Positioning
from .recovery import Recovery, create_recovery
from .recovery.body_recovery import TimedRecovery
from .recovery.upright import UprightRecovery
from .stamps import StampMeaning, StampOrder
from .tracking import PeopleTracker
from .tracking.confirmation import is_sure
from .tracking.ended_tracks import alive, as_lost, can_join, joined_people
from .tracking.posture import PostureFilter
from .tracking.tracker_creation import create_tracker
from .types import Bodies, Detections, Frame, People

#: Frames with one stamp after which time is said to stand still. A frame given twice is left out.
MOST_REPEATS = 10


@dataclass(frozen=True)
class Result:
    """What one frame became, and what it cost."""

    #: The tracker's, in its order; then, once, those whose tracks ended because everything began
    #: anew, as LOST. Of a late frame: the people as they were.
    people: People
    detections: Detections  #: those that bodies were made of
    seconds: dict[str, float]  #: wall time of "detect", "recover" with placing, "track"
    #: Detections that could have started a track, of which the recovery made no body. The sure
    #: ones are stood up in their boxes (joint confidence 0) where the pipeline has an `upright`.
    boxes_without_body: int = 0
    #: Detections beyond the pipeline's max_people, the least sure ones: nothing was made of them.
    boxes_left_out: int = 0
    #: (3,) direction against gravity, a unit vector in the camera's axes; None: nobody knows it.
    up_cam: np.ndarray | None = None
    is_late: bool = False  #: the frame was not later than one before it, and was left out


class Pipeline:
    """A detector, a recovery and a tracker in a row. Not thread-safe: one worker owns it.

    positioning: who puts the recovery's bodies at their distance; None leaves them as they are.
    upright: who stands up the sure boxes of which the recovery makes nothing; None: they are left
    out.
    config: what holds here; `create_pipeline` makes the parts of it, too.
    """

    def __init__(
        self,
        detector: Detector,
        recovery: Recovery,
        tracker: PeopleTracker,
        positioning: Positioning | None = None,
        config: PipelineConfig = PipelineConfig(),  # noqa: B008 (frozen)
        upright: UprightRecovery | None = None,
    ):
        self.detector = detector
        self.upright = upright
        self.recovery = recovery
        self.positioning = positioning
        self.tracker = tracker
        self.config = config
        self._postures = PostureFilter()
        self.stamps = StampOrder(config.restart_seconds)
        self._afterwards: deque[float] = deque(maxlen=10)  # s from bodies to people, last frames
        self._people: People | None = None  # of the last frame that was not late
        self._ended: People | None = None  # to be said in the next result
        self._view: tuple[int, int, str] | None = None  # size and name of the camera's frame

    @property
    def next_track_id(self) -> int:
        """Id of the next person; a pipeline that follows another one goes on where that one was."""
        return self.tracker.next_id

    @next_track_id.setter
    def next_track_id(self, number: int) -> None:
        self.tracker.next_id = number

    def process(
        self,
        frame: Frame,
        detections: Detections | None = None,
        bodies: Bodies | None = None,
        within: float | None = None,
    ) -> Result:
        """People of a frame; `detections` given by the caller replace the detector's, and `bodies`
        of all these detections what the recovery would make of them.

        within: s that this may take, where the recovery is one that can make do with less time.

        Stamps are expected to grow. A frame a little earlier than the newest, or of its stamp, is
        left out. One that is earlier by `stamps.restart_seconds` or more (a bag that loops), of
        another size or of another frame_id begins anew: who was known before is LOST.

        Raises ImageError where the stamps of many frames in a row stand still.
        """
        start = time.perf_counter()
        if self.stamps.take_late(frame.stamp_ns):
            return self._left_out(frame)
        meaning = self.stamps.meaning(frame.stamp_ns)
        view = (frame.camera.width, frame.camera.height, frame.frame_id)
        if meaning is StampMeaning.RESTART or self._view not in (None, view):
            self.reset()
        if detections is None:
            detections = self.detector.detect(frame.image_bgr)
        elif isinstance(self.detector, GivenBoxes):
            self._learn_scores(self.detector, detections)
        found = len(detections)
        detections = detections.surest(self.config.max_people)
        detected = time.perf_counter()
        if within is not None and isinstance(self.recovery, TimedRecovery):
            self.recovery.limit(within - (detected - start) - max(self._afterwards, default=0.0))
        if bodies is None:
            bodies = self.recovery.recover(frame, detections)
        has_bodies = time.perf_counter()
        without_body = _without_body(detections, bodies, self.tracker.start_score)
        to_stand = without_body & is_sure(detections.scores, self.tracker.start_score)
        if self.upright is not None and to_stand.any():
            stood_up = self.upright.recover(frame, detections.select(to_stand))
            bodies = _with_upright(bodies, stood_up)
        if self.positioning is not None:
            bodies = self.positioning.place(frame, bodies)
        recovered = time.perf_counter()
        people = self.tracker.update(frame, bodies)
        up = None
        if self.positioning is not None:
            up = self.positioning.up_cam(frame)
            people = self._postures.update(people, up, frame.stamp_ns)
        tracked = time.perf_counter()
        self._afterwards.append(tracked - has_bodies)
        self.stamps.take(frame.stamp_ns)
        self._view, self._people = view, people
        seconds = {
            "detect": detected - start,
            "recover": recovered - detected,
            "track": tracked - recovered,
        }
        people = self._with_ended(people, frame.stamp_ns)
        left_out = found - len(detections)
        return Result(people, detections, seconds, int(without_body.sum()), left_out, up)

    def reconfigure(self, config: PipelineConfig) -> None:
        """Let another configuration hold from the next frame on.

        Raises Humans4dError, and changes nothing, where a setting differs that is not live.
        """
        changed = [n for n in SETTINGS if config.value(n) != self.config.value(n)]
        if fixed := [name for name in changed if not SETTINGS[name].info.live]:
            raise Humans4dError(f"{', '.join(fixed)} cannot change while the pipeline runs")
        self.config = config
        self.stamps.restart_seconds = config.restart_seconds
        self.tracker.reconfigure(config.tracker.with_start_score(self.detector.start_score))
        if self.positioning is not None:
            self.positioning.config = config.positioning

    def _learn_scores(self, detector: GivenBoxes, detections: Detections) -> None:
        """What the scores of given boxes mean is known better with every frame."""
        before = detector.start_score
        detector.watch(detections)
        if detector.start_score != before:
            self.tracker.reconfigure(self.config.tracker.with_start_score(detector.start_score))

    def reset(self) -> None:
        """Forget everybody and where the ground is; ids go on counting. Who was known is in the
        next result once more, as LOST."""
        if self.positioning is not None:
            self.positioning.reset()
        self.tracker.reset()
        self._postures.reset()
        self.stamps.reset()
        if self._people is not None:
            ended = as_lost(self._people)
            waiting = self._ended
            if waiting is not None and can_join(waiting, ended):
                ended = joined_people(waiting, ended)
            self._people, self._ended = None, ended

    def _left_out(self, frame: Frame) -> Result:
        if self.stamps.repeats >= MOST_REPEATS:
            raise ImageError(
                f"{self.stamps.repeats + 1} images in a row have the stamp {frame.stamp_ns} ns, so "
                "nobody can be followed through time: give each image the time that it was taken at"
            )
        people = self._people
        if people is None:
            recovery = self.recovery
            people = People.empty(recovery.body.num_vertices, recovery.name, recovery.body.name)
        seconds = dict.fromkeys(("detect", "recover", "track"), 0.0)
        return Result(alive(people), Detections.empty(), seconds, is_late=True)

    def _with_ended(self, people: People, stamp_ns: int) -> People:
        """`people`, and those whose tracks a reset ended."""
        ended, self._ended = self._ended, None
        if ended is None or not len(ended) or not can_join(people, ended):
            return people
        # Of a time that is later than this one: unknown.
        stamps: dict[str, Any] = {
            name: np.where(getattr(ended, name) > stamp_ns, 0, getattr(ended, name))
            for name in ("last_seen_ns", "last_recovered_ns")
        }
        return joined_people(people, replace(ended, **stamps))


def _without_body(detections: Detections, bodies: Bodies, start_score: float) -> np.ndarray:
    """(N,) bool: detections that may start a track and are not among the bodies' boxes."""
    has_body = (detections.boxes_px[:, None] == bodies.boxes_px[None]).all(-1).any(1)
    return (detections.scores >= start_score) & ~has_body


def _with_upright(bodies: Bodies, stood_up: Bodies) -> Bodies:
    """Both; those that were stood up have the shape coefficients of the others' model, all 0."""
    betas = np.zeros((len(stood_up), bodies.betas.shape[1]), np.float32)
    return joined([bodies, replace(stood_up, betas=betas)])


def create_pipeline(
    config: PipelineConfig = PipelineConfig(),  # noqa: B008 (frozen)
    *,
    detector: Detector | None = None,
    recovery: Recovery | None = None,
) -> Pipeline:
    """The pipeline that a configuration describes; a detector or a recovery of one's own replaces
    the configuration's.

    Raises Humans4dError where a name is unknown, ModelFileError where a model cannot be used.
    """
    threads = config.threads or None
    if detector is None:
        detector = create_detector(config.detector.name, threads)
    of_tracker = config.tracker.with_start_score(detector.start_score)
    if recovery is None:
        recovery = create_recovery(config.recovery, threads, of_tracker.start_score)
    predictor = Path(config.pose_predictor) if config.pose_predictor else None
    tracker = create_tracker(config.tracking, of_tracker, recovery.body, predictor)
    positioning = Positioning(recovery.body, config.positioning)
    upright = None if recovery.name == UprightRecovery.name else UprightRecovery(recovery.body)
    return Pipeline(detector, recovery, tracker, positioning, config, upright)

"""PHALP', the tracker of "Humans in 4D" (Goel et al., ICCV 2023), as a mode: it counts frames.

    drop weak bodies -> predict tracks -> cost -> assign -> life-cycle -> people

It is here to be compared with, and reproduces the released tracker's ids, frame counts included.
The default tracker lives in seconds. The original publishes no velocities, covariances or bodies
of people unseen: those come from the filters in metres that the default tracker has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...batch import Batch, joined
from ...config import TrackerConfig
from ...types import Bodies, Forecast, Frame, People, Pose, TrackState
from .. import motion_filter as motions
from ..camera_motion import CameraMotion
from ..motion_filter import NEAREST, Motion
from ..published_bodies import bodies_of_tracks, starts_anew, usable_rows
from ..tracks import NANOSECONDS
from . import distances, life_cycle
from . import location_prediction as location
from .distances import depth_distance, location_distance, pose_distance
from .life_cycle import Lives
from .location_prediction import History, next_times
from .phalp_config import PhalpConfig
from .phalp_cost import EQUATIONS, assign, association_cost
from .shot_change import ShotChange

if TYPE_CHECKING:
    from .pose_predictor import PosePredictor

#: How people walk, for what the original does not publish.
KINEMATICS = TrackerConfig()


class Appearance(Protocol):
    """What people look like. Batches are any structure of arrays with a leading N."""

    def observe(self, frame: Frame, bodies: Bodies) -> Batch:
        """Looks of N bodies."""

    def distance(self, remembered: Any, observed: Any) -> np.ndarray:
        """A >= 0 of tracks' looks and bodies' looks (M, N): 0 where alike or not comparable."""

    def updated(self, remembered: Any, observed: Any) -> Batch:
        """Looks of tracks that each saw its own body (row i of both)."""


@dataclass(frozen=True)
class PhalpTracks(Batch):
    """M tracks after a frame, in the order of their ids."""

    lives: Lives
    history: History
    motion: Motion
    last_seen_ns: np.ndarray  #: (M,) int64
    scores: np.ndarray  #: (M,) float32, of the body last seen

    @classmethod
    def empty(cls) -> PhalpTracks:
        motion = Motion(*(np.zeros((0, *s)) for s in ((6,), (6, 6), (3, 2), (3, 2, 2))))
        return cls(
            life_cycle.born(1, 0), History.empty(), motion,
            np.zeros(0, np.int64), np.zeros(0, np.float32),
        )  # fmt: skip


class PhalpTracker:
    """Follows people as PHALP' does; the same interface as Tracker. Ids count on over resets.

    appearance: None makes its factor of the cost 1. pose_predictor: None expects the last pose
    again. Who is who is decided relative to the camera, as published; what the original does not
    publish knows of the camera's motion, as Tracker's. Not thread-safe: one worker owns it.
    """

    def __init__(
        self,
        config: PhalpConfig = PhalpConfig(),  # noqa: B008 (frozen)
        appearance: Appearance | None = None,
        pose_predictor: PosePredictor | None = None,
    ):
        self.config = config
        self.appearance = appearance
        self.pose_predictor = pose_predictor
        #: Of the next person. A tracker that follows another one goes on where that one was.
        self.next_id = 1
        self.reset()

    @property
    def start_score(self) -> float:
        """Score in [0, 1] of a body that may start a track."""
        return self.config.min_score

    def reconfigure(self, config: TrackerConfig) -> None:
        """Only the start score: PHALP' has constants of its own."""
        self.config = replace(self.config, min_score=config.start_score)

    def reset(self) -> None:
        """Forget everybody without a word; ids go on counting."""
        self._tracks = PhalpTracks.empty()
        self._looks: Batch | None = None  # of the tracks; None while there are none
        self._bodies: Bodies | None = None  # those last published, shared with the caller
        self._rows = np.zeros(0, np.intp)  # the tracks' rows in them
        self._published = self._tracks.motion  # of all people of the last update
        self._camera_motion = CameraMotion()
        self._stamp_ns: int | None = None
        self._time = 0  # in frames
        self._shot_change = ShotChange()

    def update(self, frame: Frame, bodies: Bodies) -> People:
        """People in `frame`, in the order of their ids. Arrays are shared: do not write into them.

        Bodies with a number that is not finite, an empty box or a pelvis behind the camera are
        skipped, as are weak and small ones (PhalpConfig). A stamp earlier than the last one, or
        bodies of another model, reset first. A person who is not in this image carries the last
        body, moved by the predicted displacement.
        """
        config, stamp_ns = self.config, int(frame.stamp_ns)
        last = self._bodies if len(self._rows) else None
        if starts_anew(self._stamp_ns, stamp_ns, last, bodies):
            self.reset()
        self._time += 1
        is_cut = self._shot_change.update(frame.image_bgr)
        rows = self._large(bodies, usable_rows(bodies, config.min_score))
        scores = np.clip(bodies.scores[rows], 0, 1)
        tokens = distances.tokens(bodies, rows, frame.camera)
        locations = distances.locations(bodies, rows, frame.camera)
        looks = self.appearance.observe(frame, bodies.select(rows)) if self.appearance else None

        match = assign(self._cost(locations, tokens, looks, is_cut), config.max_cost)
        seen = match >= 0
        matched = match[seen]
        beginners = np.setdiff1d(np.arange(len(rows)), matched)

        tracks, displacement, new_from_old = self._moved(frame)
        observed = motions.observe(bodies, rows)
        updated = motions.update(tracks.motion.select(seen), observed.select(matched))
        old = PhalpTracks(
            life_cycle.one_frame_older(tracks.lives, seen, config.confirm_hits, config.max_age),
            location.extended(
                tracks.history, seen, self._time, locations[matched], tokens[matched], is_cut
            ),
            tracks.motion.with_rows(seen, updated),
            np.where(seen, stamp_ns, tracks.last_seen_ns),
            tracks.scores.copy(),
        )
        old.scores[seen] = scores[matched]
        new = PhalpTracks(
            life_cycle.born(self.next_id, len(beginners)),
            location.begun(self._time, locations[beginners], tokens[beginners]),
            motions.start(observed.select(beginners), KINEMATICS.walking_speed),
            np.full(len(beginners), stamp_ns, np.int64),
            scores[beginners],
        )
        self.next_id += len(beginners)
        tracks = joined((old, new))

        measured = rows[np.concatenate((matched, beginners))]
        is_measured = np.concatenate((seen, np.ones(len(beginners), dtype=bool)))
        current = bodies_of_tracks(
            bodies, measured, is_measured,
            self._bodies, self._rows[~seen], displacement[~seen], new_from_old, frame.camera,
        )  # fmt: skip
        alive = tracks.lives.is_alive
        self._remember(looks, seen, matched, beginners, alive)
        self._tracks, self._rows = tracks.select(alive), np.flatnonzero(alive)
        self._bodies, self._stamp_ns = current, stamp_ns
        self._published = motions.with_lasting_errors(tracks.motion, current)
        return self._people(tracks, current)

    def forecast(self, seconds: Sequence[float]) -> Forecast:
        """Where the people of the last update are expected `seconds` (T,) later; see PeopleTracker.

        The original forecasts nothing: this is the filter in metres that Tracker has.
        """
        return motions.forecast(
            self._published, seconds, KINEMATICS.walking_speed, KINEMATICS.velocity_seconds
        )

    def _large(self, bodies: Bodies, rows: np.ndarray) -> np.ndarray:
        boxes = bodies.boxes_px[rows]
        return rows[(boxes[:, 2:] - boxes[:, :2] >= self.config.min_box_px).all(axis=1)]

    def _cost(
        self, locations: np.ndarray, tokens: np.ndarray, looks: Batch | None, is_cut: bool
    ) -> np.ndarray:
        """Cost (M, N) of bodies for the tracks, from locations (N, 3), tokens (N, 229), looks."""
        history = self._tracks.history
        frames_unseen = self._tracks.lives.frames_unseen
        expected = location.predicted(history, frames_unseen)
        if looks is None or self._looks is None or self.appearance is None:
            alike = np.zeros((len(history), len(tokens)))
        else:
            alike = self.appearance.distance(self._looks, looks)
        return association_cost(
            alike,
            pose_distance(self._expected_tokens(history, frames_unseen), tokens),
            location_distance(expected.center, locations[:, :2]),
            depth_distance(expected.log_depth, locations[:, 2]),
            expected.center_doubt,
            expected.depth_doubt,
            EQUATIONS[self.config.equation],
            is_cut,
        )

    def _expected_tokens(self, history: History, frames_unseen: np.ndarray) -> np.ndarray:
        """Tokens (M, 229) that tracks are expected to show."""
        if self.pose_predictor is None or not len(history):
            return history.tokens[:, -1]
        import torch  # only who gave a network has it loaded

        times = torch.from_numpy(history.times)
        at = torch.from_numpy(next_times(history, frames_unseen))
        expected = self.pose_predictor.predict(
            torch.from_numpy(history.tokens), torch.ones_like(times, dtype=torch.bool), times, at
        )
        return expected.cpu().numpy().astype(np.float64)

    def _moved(self, frame: Frame) -> tuple[PhalpTracks, np.ndarray, Pose | None]:
        """Tracks with their filters at the new stamp, seen from where the camera is now.

        How far each pelvis moved in the axes of the camera before (M, 3) m, and the way from those
        to the present ones (None: equal).
        """
        tracks = self._tracks
        seconds = 0.0
        if self._stamp_ns is not None:
            seconds = (frame.stamp_ns - self._stamp_ns) / NANOSECONDS
        motion = motions.predict(
            tracks.motion, seconds, KINEMATICS.walking_speed, KINEMATICS.velocity_seconds
        )
        # Who would walk behind the camera stops in front of it: here only frames end a track.
        before = tracks.motion.pelvis[:, 2]
        motion.pelvis[:, 2] = np.maximum(motion.pelvis[:, 2], np.minimum(before, NEAREST))
        displacement = motion.pelvis[:, :3] - tracks.motion.pelvis[:, :3]
        if self._bodies is not None and len(tracks):
            left = np.maximum(self._bodies.pelvis_cam[self._rows, 2] - NEAREST, 0)
            displacement[:, 2] = np.maximum(displacement[:, 2], -left)
        step = self._camera_motion.step(frame.fixed_from_camera, seconds)
        if step.is_other_reference:
            motion = motions.of_other_reference(motion)
        if step.new_from_old is not None:
            motion = motions.seen_from(motion, step.new_from_old, frame.camera)
        return replace(tracks, motion=motion), displacement, step.new_from_old

    def _remember(
        self,
        looks: Batch | None,
        seen: np.ndarray,
        matched: np.ndarray,
        beginners: np.ndarray,
        alive: np.ndarray,
    ) -> None:
        """Bring the looks of the tracks up to date with what this frame showed."""
        if looks is None or self.appearance is None:
            return
        new = looks.select(beginners)
        if self._looks is None:
            self._looks = new
            return
        updated = self.appearance.updated(self._looks.select(seen), looks.select(matched))
        self._looks = joined((self._looks.with_rows(seen, updated), new)).select(alive)

    def _people(self, tracks: PhalpTracks, bodies: Bodies) -> People:
        lives = tracks.lives
        is_occluded = (lives.states == TrackState.CONFIRMED) & (lives.frames_unseen > 0)
        states = np.where(is_occluded, TrackState.OCCLUDED, lives.states).astype(np.uint8)
        left = 1 - np.clip(lives.frames_unseen / self.config.max_age, 0, 1)
        covariance = motions.positive_definite_float32(self._published.pelvis_covariance)
        return People(
            lives.ids,
            lives.ids,
            states,
            tracks.last_seen_ns,
            np.where(lives.is_alive, tracks.scores * left, 0).astype(np.float32),
            bodies,
            tracks.motion.pelvis[:, 3:].astype(np.float32),
            covariance[:, :3, :3],
            covariance[:, 3:, 3:],
        )

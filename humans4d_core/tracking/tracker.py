"""Bodies of one frame in, people with persistent ids out.

    predict tracks -> drop unusable bodies -> associate -> update -> life-cycle -> people

Association follows ByteTrack's order (Zhang et al., ECCV 2022): established tracks take strong
bodies, then weak ones; tentative tracks take what is left; only strong bodies start tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..batch import joined
from ..body import Surface
from ..config import TrackerConfig
from ..geometry.boxes import iou
from ..types import Bodies, Forecast, Frame, People, Pose, TrackState
from . import motion_filter as motions
from .appearance import Colors, descriptor, observed_colors, repaint
from .association_cost import (
    SAME_JOINTS,
    appearance_cost,
    assign,
    association_cost,
    joint_distance,
    within_reach,
)
from .camera_motion import CameraMotion
from .confidence import confidence, surety
from .confirmation import is_sure, may_start
from .motion_filter import NEAREST, Observation
from .published_bodies import bodies_of_tracks, smoothed_boxes, starts_anew, usable_rows
from .reidentification import Shape, recognised
from .scene_turnover import SceneTurnover
from .tracks import NANOSECONDS, Tracks, absentees, born, grow_older
from .unposed_camera import UnposedCamera

NO_BOXES = np.zeros((0, 4), np.float32)


class Tracker:
    """Follows people through the frames of one camera. Ids count on over resets, from 1.

    Positions are in the camera's axes; velocities, too, and relative to the fixed frame where the
    frames give the camera's pose in one (CameraMotion says how poses that are missing or jump are
    met), otherwise relative to the camera, whose turning is told from its images or its people
    (UnposedCamera). Where the film is cut, all tracks end. A person_id is the first track_id under
    which the person was seen. LOST is said once and a track_id never returns; who comes back within
    `reidentify_seconds` and is recognised by clothes and shape has the old person_id from the
    moment the new track is CONFIRMED. Until then, and where nobody is recognised, both ids are
    equal. Not thread-safe: one worker owns it.

    surface: where to look for clothes on the bodies' meshes (`Surface.of_body`); None, or bodies
    of another mesh: people are told apart by where they are alone, and nobody is recognised.
    """

    def __init__(
        self,
        config: TrackerConfig = TrackerConfig(),  # noqa: B008 (frozen)
        surface: Surface | None = None,
    ):
        self.config = config
        self.surface = surface if config.use_appearance else None
        #: Of the next person. A tracker that follows another one goes on where that one was.
        self.next_id = 1
        self._num_betas = 10  # of the bodies that come
        self.reset()

    def reset(self) -> None:
        """Forget everybody without a word; ids go on counting."""
        self._tracks = Tracks.empty(self._num_points, self._num_betas)
        self._absent = absentees(self._tracks)
        self._bodies: Bodies | None = None  # those last published, shared with the caller
        self._rows = np.zeros(0, np.intp)  # the tracks' rows in them
        self._published = self._tracks.motion  # of all people of the last update
        self._camera_motion = CameraMotion()
        self._unposed_camera = UnposedCamera()
        self._turnover = SceneTurnover()
        self._patience = self.config.occluded_seconds
        self._stamp_ns: int | None = None

    @property
    def start_score(self) -> float:
        """Score in [0, 1] of a body that may start a track."""
        return self.config.start_score

    def reconfigure(self, config: TrackerConfig) -> None:
        """Holds from the next frame on, but for use_appearance."""
        self.config = config

    def _has_other_betas(self, bodies: Bodies) -> bool:
        """Whether the shapes that are remembered cannot be compared with those of `bodies`."""
        return len(bodies) > 0 and bodies.betas.shape[1] != self._num_betas

    @property
    def _num_points(self) -> int:
        return 0 if self.surface is None else len(self.surface.points)

    def update(self, frame: Frame, bodies: Bodies) -> People:
        """People in `frame`, in the order of their ids. Arrays are shared: do not write into them.

        Bodies with a number that is not finite, an empty box or a pelvis behind the camera are
        skipped. A stamp earlier than the last one, or bodies of another model, reset first. Bodies
        are handed on as measured but for their boxes, which are half the filter's. People who
        are not in this image (OCCLUDED, LOST, and TENTATIVE with an older `last_seen_ns`) carry
        their last body, moved by the predicted displacement.
        """
        config, stamp_ns = self.config, int(frame.stamp_ns)
        last = self._bodies if len(self._tracks) else None
        if starts_anew(self._stamp_ns, stamp_ns, last, bodies) or self._has_other_betas(bodies):
            self._num_betas = bodies.betas.shape[1]
            self.reset()
        rows = usable_rows(bodies, config.continue_score)
        scores, observed = bodies.scores[rows], motions.observe(bodies, rows)
        colors = observed_colors(frame, bodies, rows, self.surface, config.appearance)

        strong = observed.select(scores >= config.start_score)
        tracks, displacement, new_from_old, gone = self._predict(frame, strong)
        present = ~gone & (tracks.motion.pelvis[:, 2] > NEAREST)
        match = self._associate(tracks, present, observed, scores, colors)
        seen = match >= 0
        matched = match[seen]
        beginners = self._beginners(bodies, rows, matched)
        hidden = tracks.motion.select(present & ~tracks.is_tentative & ~seen)
        may_be_known = within_reach(hidden, observed.select(beginners))

        updated = motions.update(tracks.motion.select(seen), observed.select(matched))
        unseen = (stamp_ns - tracks.last_seen_ns[seen]) / NANOSECONDS
        repainted = repaint(
            tracks.colors.select(seen), colors.select(matched), unseen, config.appearance
        )
        reshaped = tracks.shape.select(seen).updated(bodies.betas[rows[matched]])
        tracks = replace(
            tracks,
            motion=tracks.motion.with_rows(seen, updated),
            colors=tracks.colors.with_rows(seen, repainted),
            shape=tracks.shape.with_rows(seen, reshaped),
        )
        seen_scores = np.zeros(len(tracks), np.float32)
        seen_scores[seen] = scores[matched]
        was_tentative = tracks.is_tentative
        sure = np.zeros(len(tracks), bool)
        sure[seen] = is_sure(scores[matched], config.start_score)
        surety_seen = surety(seen_scores, config.start_score)
        tracks = grow_older(tracks, seen, seen_scores, surety_seen, sure, gone, stamp_ns, config)
        newcomers = was_tentative & (tracks.states == TrackState.CONFIRMED)
        self._turnover.welcome(int((newcomers & ~tracks.may_be_known).sum()))
        tracks = self._recognise(tracks, was_tentative, stamp_ns)

        started = motions.start(observed.select(beginners), config.walking_speed)
        shape = Shape.of(bodies.betas[rows[beginners]])
        begun = born(
            self.next_id, scores[beginners], surety(scores[beginners], config.start_score),
            may_be_known, started, colors.select(beginners), shape, stamp_ns,
        )  # fmt: skip
        tracks = joined((tracks, begun))
        self.next_id += len(beginners)

        measured = rows[np.concatenate((matched, beginners))]
        is_measured = np.concatenate((seen, np.ones(len(beginners), dtype=bool)))
        current = bodies_of_tracks(
            bodies, measured, is_measured,
            self._bodies, self._rows[~seen], displacement[~seen], new_from_old, frame.camera,
        )  # fmt: skip
        boxes_px = current.boxes_px.copy()
        sighted = np.flatnonzero(seen)
        boxes_px[sighted] = smoothed_boxes(boxes_px[sighted], tracks.motion.box[sighted, :, 0])
        current = replace(current, boxes_px=boxes_px)

        alive = tracks.is_alive
        self._tracks, self._rows = tracks.select(alive), np.flatnonzero(alive)
        self._bodies, self._stamp_ns = current, stamp_ns
        self._published = motions.with_lasting_errors(tracks.motion, current)
        return self._people(tracks, current)

    def forecast(self, seconds: Sequence[float]) -> Forecast:
        """Where the people of the last update are expected `seconds` (T,) later; see PeopleTracker.

        The filter's own prediction: it starts from the filtered place, and its covariance grows.
        """
        config = self.config
        return motions.forecast(
            self._published, seconds, config.walking_speed, config.velocity_seconds
        )

    def _predict(
        self, frame: Frame, observed: Observation
    ) -> tuple[Tracks, np.ndarray, Pose | None, np.ndarray]:
        """Tracks at the frame's stamp, seen from where its camera is.

        How far each pelvis moved in the axes of the camera before (M, 3) m, the way from those to
        the present ones (None: equal), and who is gone (M,). Where nobody tells how the camera
        moved, `observed` bodies tell how it turned.
        """
        config, tracks = self.config, self._tracks
        seconds = 0.0
        if self._stamp_ns is not None:
            seconds = (frame.stamp_ns - self._stamp_ns) / NANOSECONDS
        motion = motions.predict(
            tracks.motion, seconds, config.walking_speed, config.velocity_seconds
        )
        displacement = motion.pelvis[:, :3] - tracks.motion.pelvis[:, :3]
        step = self._camera_motion.step(frame.fixed_from_camera, seconds)
        if step.is_other_reference:
            motion = motions.of_other_reference(motion)
        unseen = (frame.stamp_ns - tracks.last_seen_ns) / NANOSECONDS
        in_view = ~tracks.is_tentative & (tracks.last_seen_ns == self._stamp_ns)
        self._patience = self._turnover.patience(config.occluded_seconds)
        new_from_old = step.new_from_old
        gone = np.zeros(len(tracks), bool)
        is_cut, turns = False, step.is_known
        if step.is_known:
            self._unposed_camera = UnposedCamera()
        else:
            boxes_px = self._bodies.boxes_px[self._rows] if self._bodies is not None else NO_BOXES
            told = self._unposed_camera.step(
                frame, seconds, boxes_px, motion.select(in_view), observed, config.use_images
            )
            new_from_old, is_cut, turns = told.turn, told.is_cut, told.is_moving
            if told.scale != 1:
                displacement[:, 2] += motion.pelvis[:, 2] * (1 / told.scale - 1)
                motion = motions.zoomed(motion, told.scale, frame.camera)
            # Nobody can be followed behind a camera that may be anywhere.
            gone = (motion.pelvis[:, 2] < NEAREST) & (not turns) | is_cut
        if new_from_old is not None:
            motion = motions.seen_from(motion, new_from_old, frame.camera)
        # Whom the camera turns away from cannot be missed.
        looks_there = motions.is_in_image(motion, frame.camera) | (not turns)
        missed_ns = tracks.missed_ns + np.where(looks_there, round(seconds * NANOSECONDS), 0)
        # Who was seen in the last image was missed by none, however long ago that was.
        missed = (missed_ns > self._patience * NANOSECONDS) & (tracks.missed_ns > 0)
        gone |= missed | (unseen > config.occluded_seconds)
        departed = 0 if is_cut else int((gone & ~tracks.is_tentative).sum())
        size = (frame.camera.width, frame.camera.height)
        self._turnover.watch(seconds, tracks.motion.box_height_px[in_view], departed, size)
        tracks = replace(tracks, motion=motion, missed_ns=missed_ns)
        return tracks, displacement, new_from_old, gone

    def _recognise(self, tracks: Tracks, was_tentative: np.ndarray, stamp_ns: int) -> Tracks:
        """Tracks with the person_ids of those who came back; remembers who is LOST now."""
        if self.surface is None:
            return tracks
        oldest_ns = stamp_ns - round(self.config.reidentify_seconds * NANOSECONDS)
        absent = self._absent.within(oldest_ns)
        new = np.flatnonzero(was_tentative & (tracks.states == TrackState.CONFIRMED))
        if len(new) and len(absent):
            colors, shape = tracks.colors.select(new), tracks.shape.select(new)
            rows, columns = recognised(colors, shape, absent, self.config.appearance)
            person_ids = tracks.person_ids.copy()
            person_ids[new[rows]] = absent.person_ids[columns]
            tracks = replace(tracks, person_ids=person_ids)
            absent = absent.select(np.setdiff1d(np.arange(len(absent)), columns))
        leaving = ~was_tentative & (tracks.states == TrackState.LOST)
        if leaving.any():
            absent = joined((absent, absentees(tracks.select(leaving))))
        self._absent = absent
        return tracks

    def _associate(
        self,
        tracks: Tracks,
        present: np.ndarray,
        observed: Observation,
        scores: np.ndarray,
        colors: Colors,
    ) -> np.ndarray:
        """Row of `observed` that each track sees: (M,), -1 for none."""
        match = np.full(len(tracks), -1)
        cost = association_cost(tracks.motion, observed, self.config.use_position)
        if self.surface is not None:
            lines, columns = np.nonzero(np.isfinite(cost))
            cost[lines, columns] += appearance_cost(
                tracks.colors, lines, colors, columns, self.config.appearance
            )
        strong = scores >= self.config.start_score
        free = np.ones(len(scores), dtype=bool)
        established = present & ~tracks.is_tentative
        for candidates, wanted in (
            (established, strong),
            (established, ~strong),
            (present & tracks.is_tentative, np.ones_like(strong)),
        ):
            lines = np.flatnonzero(candidates & (match < 0))
            columns = np.flatnonzero(wanted & free)
            i, j = assign(cost[np.ix_(lines, columns)], self._turnover.alone_cost)
            match[lines[i]] = columns[j]
            free[columns[j]] = False
        return match

    def _beginners(self, bodies: Bodies, rows: np.ndarray, matched: np.ndarray) -> np.ndarray:
        """Which of `rows` (best first) start tracks: (K,) positions in it.

        Strong bodies that show nobody whom a matched or a better body shows already.
        """
        free = np.ones(len(rows), dtype=bool)
        free[matched] = False
        starting = may_start(bodies.boxes_px[rows], bodies.scores[rows], self.config.start_score)
        strong = np.flatnonzero(free & starting)
        rivals = np.concatenate((matched, strong))
        boxes, joints = bodies.boxes_px[rows], bodies.joints_px[rows]
        same = iou(boxes[strong], boxes[rivals]) > self.config.duplicate_iou
        if self.config.use_joints:
            same |= joint_distance(joints[strong], joints[rivals]) < SAME_JOINTS
        # The rivals of a beginner: all that are matched, and the beginners before it.
        before = np.tri(len(strong), len(rivals), len(matched) - 1, dtype=bool)
        return strong[~(same & before).any(axis=1)]

    def _people(self, tracks: Tracks, bodies: Bodies) -> People:
        covariance = motions.positive_definite_float32(self._published.pelvis_covariance)
        return People(
            tracks.ids,
            tracks.person_ids,
            tracks.states,
            tracks.last_seen_ns,
            confidence(
                tracks.states,
                tracks.mean_surety,
                surety(tracks.scores, self.config.start_score),
                np.sqrt(tracks.motion.box_covariance[:, 0, 0, 0]) / tracks.motion.box_height_px,
            ),
            bodies,
            tracks.motion.pelvis[:, 3:].astype(np.float32),
            covariance[:, :3, :3],
            covariance[:, 3:, 3:],
            appearance=descriptor(tracks.colors),
        )

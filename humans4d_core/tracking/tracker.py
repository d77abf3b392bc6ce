"""Bodies of one frame in, people with persistent ids out.

    predict tracks -> drop unusable bodies -> associate -> update -> life-cycle -> people

Association follows ByteTrack's order (Zhang et al., ECCV 2022): believed tracks take strong bodies,
then weak ones; tentative tracks take what is left; only strong bodies start tracks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import Bodies, Frame, People
from . import motion as motions
from .bodies import assembled, usable_rows
from .config import TrackerConfig
from .cost import SAME_JOINTS, assign, association_cost, iou, joint_distance
from .motion import Observation
from .tracks import NANOSECONDS, Tracks, born, grow_older, joined, written

#: Nearest depth (m) at which a predicted person can still be in front of the camera.
NEAREST = 0.1


class Tracker:
    """Follows people through the frames of one camera. Ids count on over resets, from 1.

    Positions and velocities are relative to the camera. `person_ids` equal `track_ids`: nobody is
    recognised after having been LOST. Not thread-safe: one worker owns it.
    """

    def __init__(self, config: TrackerConfig = TrackerConfig()):  # noqa: B008 (frozen)
        self.config = config
        self._next_id = 1
        self.reset()

    def reset(self) -> None:
        """Forget everybody without a word; ids go on counting."""
        self._tracks = Tracks.empty()
        self._bodies: Bodies | None = None  # those last published, shared with the caller
        self._rows = np.zeros(0, np.intp)  # the tracks' rows in them
        self._stamp_ns: int | None = None

    def update(self, frame: Frame, bodies: Bodies) -> People:
        """People in `frame`, in the order of their ids. Arrays are shared: do not write into them.

        Bodies with a number that is not finite, an empty box or a pelvis behind the camera are
        skipped. A stamp earlier than the last one, or bodies of another model, reset first. People
        who are not in this image (OCCLUDED, LOST, and TENTATIVE with an older `last_seen_ns`) carry
        their last body, moved by the predicted displacement.
        """
        config, stamp_ns = self.config, int(frame.stamp_ns)
        if self._is_another_story(stamp_ns, bodies):
            self.reset()
        rows = usable_rows(bodies, config.continue_score)
        scores, observed = bodies.scores[rows], motions.observe(bodies, rows)

        tracks, displacement, gone = self._predict(stamp_ns)
        match = self._associate(tracks, ~gone, observed, scores)
        seen = match >= 0
        matched = match[seen]
        beginners = self._beginners(bodies, rows, matched)

        updated = motions.update(tracks.motion.select(seen), observed.select(matched))
        tracks = replace(tracks, motion=written(tracks.motion, seen, updated))
        seen_scores = np.zeros(len(tracks), np.float32)
        seen_scores[seen] = scores[matched]
        tracks = grow_older(tracks, seen, seen_scores, gone, stamp_ns, config)

        started = motions.start(observed.select(beginners), config.walking_speed)
        tracks = joined(tracks, born(self._next_id, scores[beginners], started, stamp_ns))
        self._next_id += len(beginners)

        measured = rows[np.concatenate((matched, beginners))]
        is_measured = np.concatenate((seen, np.ones(len(beginners), dtype=bool)))
        current = assembled(
            bodies, measured, is_measured,
            self._bodies, self._rows[~seen], displacement[~seen], frame.camera,
        )  # fmt: skip

        alive = tracks.is_alive
        self._tracks, self._rows = tracks.select(alive), np.flatnonzero(alive)
        self._bodies, self._stamp_ns = current, stamp_ns
        return self._people(tracks, current)

    def _is_another_story(self, stamp_ns: int, bodies: Bodies) -> bool:
        """Time went back, or the bodies' meshes do not continue those of the tracks."""
        if self._stamp_ns is not None and stamp_ns < self._stamp_ns:
            return True
        if not len(bodies) or not len(self._tracks):
            return False
        last = self._bodies
        return (
            bodies.body_model != last.body_model
            or bodies.vertices_cam.shape[1:] != last.vertices_cam.shape[1:]
        )

    def _predict(self, stamp_ns: int) -> tuple[Tracks, np.ndarray, np.ndarray]:
        """Tracks at the new stamp, how far each pelvis moved (M, 3) m, and who is gone (M,)."""
        config, tracks = self.config, self._tracks
        seconds = 0.0 if self._stamp_ns is None else (stamp_ns - self._stamp_ns) / NANOSECONDS
        motion = motions.predict(
            tracks.motion, seconds, config.walking_speed, config.velocity_seconds
        )
        displacement = motion.pelvis[:, :3] - tracks.motion.pelvis[:, :3]
        unseen = (stamp_ns - tracks.last_seen_ns) / NANOSECONDS
        gone = (unseen > config.occluded_seconds) | (motion.pelvis[:, 2] < NEAREST)
        return replace(tracks, motion=motion), displacement, gone

    def _associate(
        self, tracks: Tracks, present: np.ndarray, observed: Observation, scores: np.ndarray
    ) -> np.ndarray:
        """Row of `observed` that each track sees: (M,), -1 for none."""
        match = np.full(len(tracks), -1)
        cost = association_cost(tracks.motion, observed)
        strong = scores >= self.config.start_score
        free = np.ones(len(scores), dtype=bool)
        believed = present & ~tracks.is_tentative
        for candidates, wanted in (
            (believed, strong),
            (believed, ~strong),
            (present & tracks.is_tentative, np.ones_like(strong)),
        ):
            lines = np.flatnonzero(candidates & (match < 0))
            columns = np.flatnonzero(wanted & free)
            i, j = assign(cost[np.ix_(lines, columns)])
            match[lines[i]] = columns[j]
            free[columns[j]] = False
        return match

    def _beginners(self, bodies: Bodies, rows: np.ndarray, matched: np.ndarray) -> np.ndarray:
        """Which of `rows` (best first) start tracks: (K,) positions in it.

        Strong bodies that show nobody whom a matched or a better body shows already.
        """
        free = np.ones(len(rows), dtype=bool)
        free[matched] = False
        strong = np.flatnonzero(free & (bodies.scores[rows] >= self.config.start_score))
        rivals = np.concatenate((matched, strong))
        boxes, joints = bodies.boxes_px[rows], bodies.joints_px[rows]
        same = iou(boxes[strong], boxes[rivals]) > self.config.duplicate_iou
        same |= joint_distance(joints[strong], joints[rivals]) < SAME_JOINTS
        # The rivals of a beginner: all that are matched, and the beginners before it.
        before = np.tri(len(strong), len(rivals), len(matched) - 1, dtype=bool)
        return strong[~(same & before).any(axis=1)]

    def _people(self, tracks: Tracks, bodies: Bodies) -> People:
        covariance = motions.positive_definite_float32(tracks.motion.pelvis_covariance)
        return People(
            tracks.ids,
            tracks.ids,
            tracks.states,
            tracks.last_seen_ns,
            tracks.confidence(self._stamp_ns, self.config),
            bodies,
            tracks.motion.pelvis[:, 3:].astype(np.float32),
            covariance[:, :3, :3],
            covariance[:, 3:, 3:],
        )

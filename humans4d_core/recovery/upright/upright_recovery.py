"""A body of average size, stood up in its box: where people are, at camera rate."""

from __future__ import annotations

import numpy as np

from ...body import BodyModel, load_body
from ...body.body_data import NUM_BETAS
from ...geometry import project
from ...geometry.numpy_rotations import minimal_rotation
from ...types import Bodies, Detections, Frame
from ..croppable_boxes import croppable
from .box_places import box_places

#: SMPL's shoulders and elbows, and how a hanging arm points in SMPL's axes (x left, y up).
SHOULDERS, ELBOWS = (16, 17), (18, 19)
HANGING = np.array([[0.2, -1.0, 0.0], [-0.2, -1.0, 0.0]])
#: m between the pelvis and the ray through the middle of the box: arms, bags, strides, and what
#: detectors cut off. A Faster R-CNN on KITTI-17: .12; KITTI's perturbed labels: .09 to .14.
MIDDLE_SIGMA = 0.1


class UprightRecovery:
    """Stands a body up in every box: positions, no pose. Its joints have confidence 0.

    Knows neither landmarks nor a network, and does not look at the image. Where the frame says
    where the ground is, people stand against gravity, elsewhere upright in the image. Who does not
    stand (a box wider than high) has a covariance that reaches from lying to standing.
    """

    name = "upright"
    device = "cpu"
    description = "bodies of average size, stood up in their boxes: positions without a pose"

    def __init__(self, body: BodyModel | None = None):
        """body: the model that is stood up; None takes the embedded one."""
        self.body = load_body() if body is None else body
        self._pose, self._vertices, self._joints = _standing(self.body)

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        camera = frame.camera
        detections = detections.select(croppable(detections.boxes_px, camera.width, camera.height))
        up = _up(frame)
        pelvis, sigma = box_places(detections.boxes_px, camera, up)
        # Boxes where the lens model ends have no place.
        known = np.isfinite(pelvis).all(1) & (pelvis[:, 2] > 0)
        detections, pelvis, sigma = detections.select(known), pelvis[known], sigma[known]
        n = len(detections)
        turn = _facing(pelvis, up)  # (N, 3, 3)
        joints = self._joints @ turn.transpose(0, 2, 1)
        translation = pelvis - (joints[:, 1] + joints[:, 2]) / 2
        joints = joints + translation[:, None]
        vertices = self._vertices @ turn.transpose(0, 2, 1).astype(np.float32)
        vertices += translation[:, None].astype(np.float32)
        distance = np.linalg.norm(pelvis, axis=1, keepdims=True)
        along = (pelvis / distance)[:, :, None] * (pelvis / distance)[:, None]
        covariance = MIDDLE_SIGMA**2 * (np.eye(3) - along)
        covariance += ((sigma * distance[:, 0]) ** 2)[:, None, None] * along
        return Bodies(
            boxes_px=detections.boxes_px,
            scores=detections.scores,
            global_orient=turn.astype(np.float32),
            body_pose=np.repeat(self._pose[None], n, axis=0),
            betas=np.zeros((n, NUM_BETAS), np.float32),
            translation_cam=translation.astype(np.float32),
            vertices_cam=vertices,
            joints_cam=joints.astype(np.float32),
            joints_px=project(joints, camera).astype(np.float32),
            joint_confidence=np.zeros((n, 24), np.float32),
            pelvis_covariance_cam=covariance.astype(np.float32),
            recovery=self.name,
            body_model=self.body.name,
        )


def _standing(body: BodyModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pose (23, 3, 3), vertices (V, 3) and joints (24, 3) m, float32, with the arms down."""
    _, joints = body.at_rest()
    upper_arms = joints[list(ELBOWS)] - joints[list(SHOULDERS)]
    pose = np.tile(np.eye(3, dtype=np.float32), (23, 1, 1))
    pose[np.array(SHOULDERS) - 1] = minimal_rotation(
        *(v / np.linalg.norm(v, axis=1, keepdims=True) for v in (upper_arms, HANGING))
    )
    posed = body(np.eye(3)[None], pose[None], np.zeros((1, NUM_BETAS)))
    return pose, posed.vertices[0], posed.joints[0]


def _up(frame: Frame) -> np.ndarray:
    """(3,) against gravity in the camera's axes; the image's upwards where nobody says better."""
    if frame.ground_from_camera is None or not np.isfinite(frame.ground_from_camera.rotation).all():
        return np.array([0.0, -1.0, 0.0])
    return frame.ground_from_camera.rotation[2]


def _facing(pelvis: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) from SMPL's axes (x left, y up, z ahead) to those of the camera, of
    people at `pelvis` (N, 3) who stand along `up` and look at the camera."""
    ahead = -pelvis + (pelvis @ up)[:, None] * up
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    left = np.cross(up, ahead)
    return np.stack((left, np.broadcast_to(up, left.shape), ahead), axis=-1)

"""People and forecasts in another frame than the camera's, such as odom.

The fields keep their names: after this, `_cam` stands for the frame that the pose leads to. What
is in the image (boxes_px, joints_px) stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import Bodies, Forecast, People, Pose


def people_in_coordinate_frame(people: People, pose: Pose) -> People:
    """`people` of a camera in the frame that `pose` leads to from that camera.

    Velocities turn and do not shift: relative to what they were relative to, in the new axes.
    """
    rotation = pose.rotation
    return replace(
        people,
        bodies=_bodies_in_coordinate_frame(people.bodies, pose),
        velocity_cam=(people.velocity_cam @ rotation.T).astype(np.float32),
        position_covariance_cam=_turned(people.position_covariance_cam, rotation),
        velocity_covariance_cam=_turned(people.velocity_covariance_cam, rotation),
    )


def forecast_in_coordinate_frame(forecast: Forecast, pose: Pose) -> Forecast:
    """`forecast` of a camera in the frame that `pose` leads to from that camera."""
    return Forecast(
        pose.apply(forecast.positions_cam).astype(np.float32),
        _turned(forecast.covariances_cam, pose.rotation),
    )


def _bodies_in_coordinate_frame(bodies: Bodies, pose: Pose) -> Bodies:
    rotation = pose.rotation.astype(np.float32)
    # SMPL turns about its pelvis joint, which lies off its origin: the pelvis is moved, and the
    # way from SMPL's translation to it stays the same in any frame.
    pelvis = bodies.joints_cam[:, 0].astype(np.float64)
    translation = pose.apply(pelvis) - (pelvis - bodies.translation_cam)
    return replace(
        bodies,
        global_orient=rotation @ bodies.global_orient,
        translation_cam=translation.astype(np.float32),
        vertices_cam=_moved(bodies.vertices_cam, pose),
        joints_cam=_moved(bodies.joints_cam, pose),
        pelvis_covariance_cam=_turned(bodies.pelvis_covariance_cam, rotation),
    )


def _moved(points: np.ndarray, pose: Pose) -> np.ndarray:
    """(..., 3) float32 m -> the same in the new frame. In double precision: the frame's origin may
    be a kilometre away."""
    return pose.apply(points).astype(np.float32)


def _turned(covariance: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """(..., 3, 3) in the new axes, float32."""
    return (rotation @ covariance @ rotation.T).astype(np.float32)

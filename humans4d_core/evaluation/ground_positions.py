"""How far people are from where they truly stand, on a plane that somebody measured.

The truth of a sequence such as PETS09-S2L1 is a box in the image and, for the middle of its lower
edge, a place on the ground in metres. Frames: `_ground` is the truth's, x, y in the plane, z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from ..errors import Humans4dError
from ..geometry import pixels_to_rays
from ..types import Camera, Pose

#: Squared Mahalanobis distance (2 degrees of freedom) of the 95 % ellipse.
ELLIPSE_95 = 5.991

#: m, errors beyond this pull less at a fit: truth has mistakes, too.
_ROBUST = 0.3


@dataclass(frozen=True)
class PositionScore:
    """Errors on the ground over all people and images, m; shares in percent."""

    count: int
    median: float
    p95: float
    inside: float  #: of errors inside the 95 % ellipse of the stated covariance
    aligned_median: float  #: after one rigid motion of all positions
    aligned_p95: float


def score_positions(
    positions_cam: np.ndarray,
    covariances_cam: np.ndarray,
    truth_ground: np.ndarray,
    ground_from_camera: Pose,
) -> PositionScore:
    """Score positions (N, 3) m with covariances (N, 3, 3) against the truth (N, 2) m."""
    error = ground_from_camera.apply(positions_cam)[:, :2] - truth_ground
    turn = ground_from_camera.rotation[:2]
    distance = mahalanobis(error, turn @ covariances_cam @ turn.T)
    lengths = np.linalg.norm(error, axis=1)
    aligned = np.linalg.norm(
        aligned_errors(positions_cam, truth_ground, ground_from_camera), axis=1
    )
    return PositionScore(
        len(error),
        float(np.median(lengths)),
        float(np.percentile(lengths, 95)),
        float(100 * (distance < ELLIPSE_95).mean()),
        float(np.median(aligned)),
        float(np.percentile(aligned, 95)),
    )


def mahalanobis(errors: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distances (N,) of errors (N, D) under covariances (N, D, D)."""
    solved = np.linalg.solve(covariances, errors[..., None])[..., 0]
    return (errors * solved).sum(-1)


def aligned_errors(positions_cam: np.ndarray, truth_ground: np.ndarray, start: Pose) -> np.ndarray:
    """Errors (N, 2) m after the one rigid motion of all positions (N, 3) that fits them best.

    start: a guess of that motion, camera to ground.
    """

    def errors(parameters):
        rotation = Rotation.from_rotvec(parameters[:3]).as_matrix() @ start.rotation
        return (positions_cam @ rotation[:2].T + parameters[3:] - truth_ground).ravel()

    guess = np.concatenate((np.zeros(3), start.translation[:2]))
    fit = least_squares(errors, guess, loss="soft_l1", f_scale=_ROBUST)
    return errors(fit.x).reshape(-1, 2)


def calibrated_camera(
    feet_px: np.ndarray, feet_ground: np.ndarray, width: int, height: int
) -> tuple[Camera, Pose]:
    """The camera that sees points of the ground (N, 2) m at pixels (N, 2), and its pose over it.

    Square pixels, one radial term; a plane does not tell the principal point's row, which stays in
    the middle. Starts from the homography (Zhang, "A Flexible New Technique for Camera
    Calibration", 2000). Raises Humans4dError where the points do not fix a camera.
    """
    center = np.array((width / 2, height / 2))
    homography, _ = cv2.findHomography(feet_ground, feet_px - center)
    if homography is None:
        raise Humans4dError("the truth's positions fix no camera: are they all on one line?")
    a, b, _ = homography.T
    square = -(a[:2] @ b[:2]) / (a[2] * b[2])
    if not square > 0:
        raise Humans4dError("the truth's positions fix no focal length: is the camera level?")
    columns = homography / np.array((square**0.5, square**0.5, 1))[:, None]
    columns = columns * np.sign(columns[2] @ (*feet_ground.mean(0), 1))  # in front of the camera
    x, y, origin = (columns / np.linalg.norm(columns[:, 0])).T
    u, _, vt = np.linalg.svd(np.stack((x, y, np.cross(x, y)), axis=1))
    camera_from_ground = u @ vt
    place = -camera_from_ground.T @ origin

    def camera_of(parameters):
        focal, column, radial = parameters[:3]
        lens = (float(radial), 0.0, 0.0, 0.0, 0.0)
        return Camera(focal, focal, column, center[1], width, height, lens)

    def pose_of(parameters):
        turn = Rotation.from_rotvec(parameters[3:6]).as_matrix()
        return Pose(camera_from_ground.T @ turn, parameters[6:9])

    def errors(parameters):
        found = on_ground(feet_px, camera_of(parameters), pose_of(parameters))
        return (found - feet_ground).ravel()

    guess = np.concatenate(((square**0.5, center[0], 0.0), np.zeros(3), place))
    fit = least_squares(errors, guess, x_scale="jac", loss="soft_l1", f_scale=_ROBUST)
    return camera_of(fit.x), pose_of(fit.x)


def on_ground(pixels: np.ndarray, camera: Camera, ground_from_camera: Pose) -> np.ndarray:
    """Where the viewing rays of pixels (N, 2) meet the ground: (N, 2) m."""
    rays = pixels_to_rays(pixels, camera)
    directions = np.column_stack((rays, np.ones(len(rays)))) @ ground_from_camera.rotation.T
    origin = ground_from_camera.translation
    return origin[:2] - origin[2] * directions[:, :2] / directions[:, 2:]

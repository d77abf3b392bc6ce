"""How sure a position from one camera can be."""

from __future__ import annotations

import numpy as np

#: Relative standard deviation of depth: adults' stature (about 6 %) and the fit together.
DEPTH_SIGMA = 0.08
#: Standard deviation across the viewing ray, m, without image error.
ACROSS_SIGMA = 0.06

#: What hidden legs or head add to the relative deviation of depth: networks squeeze a person into
#: what is seen. Without their lower fifth, passers-by seem 10 % farther away, without half of
#: their height 60 %.
HIDDEN_SIGMA = 0.3
#: Confidence of the legs in [0, 1] from which on nothing is hidden, and at which all of it is.
LEGS_SEEN, LEGS_HIDDEN = 0.7, 0.2
LEGS = [4, 5, 7, 8]  #: knees and ankles among SMPL's joints
#: px, a box that ends this near to the image's upper or lower border is cut off there.
BORDER_PX = 2.0


def pelvis_covariance(
    pelvis_cam: np.ndarray,
    image_error: np.ndarray | float = 0.0,
    hidden: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Covariance of pelvises (N, 3) m: (N, 3, 3) float32 m^2, long along the viewing ray.

    One camera sees a direction well and a distance badly. image_error: (N,) m at the person's
    depth, how far the body lies beside its image. hidden: (N,) in [0, 1], see hidden_share.
    """
    distance = np.linalg.norm(pelvis_cam, axis=1)
    ray = pelvis_cam / distance[:, None]
    along = ray[:, :, None] * ray[:, None]
    across = np.broadcast_to(ACROSS_SIGMA**2 + np.square(image_error), distance.shape)
    depth = (DEPTH_SIGMA**2 + np.square(HIDDEN_SIGMA * np.asarray(hidden))) * distance**2
    covariance = across[:, None, None] * (np.eye(3) - along)
    covariance += depth[:, None, None] * along
    return covariance.astype(np.float32)


def hidden_share(
    boxes_px: np.ndarray, height: int, joint_confidence: np.ndarray | None = None
) -> np.ndarray:
    """How far the size of bodies in boxes (N, 4) of an image `height` px high is a guess: (N,).

    1 where the image cuts off head or feet, or where joint_confidence (N, 24) in [0, 1] says that
    the legs are hidden; 0 for people in plain view.
    """
    cut = (boxes_px[:, 1] < BORDER_PX) | (boxes_px[:, 3] > height - BORDER_PX)
    if joint_confidence is None:
        return cut.astype(np.float64)
    legs = joint_confidence[:, LEGS].mean(1)
    doubt = np.clip((LEGS_SEEN - legs) / (LEGS_SEEN - LEGS_HIDDEN), 0, 1)
    return np.where(cut, 1.0, doubt)

"""How sure a position from one camera can be."""

from __future__ import annotations

import numpy as np

#: Relative standard deviation of depth: adults' stature (about 6 %) and the fit together.
DEPTH_SIGMA = 0.08
#: Standard deviation across the viewing ray, m, without image error.
ACROSS_SIGMA = 0.03


def pelvis_covariance(pelvis_cam: np.ndarray, image_error: np.ndarray | float = 0.0) -> np.ndarray:
    """Covariance of pelvises (N, 3) m: (N, 3, 3) float32 m^2, long along the viewing ray.

    One camera sees a direction well and a distance badly. image_error: (N,) m at the person's
    depth, how far the body lies beside its image.
    """
    distance = np.linalg.norm(pelvis_cam, axis=1)
    ray = pelvis_cam / distance[:, None]
    along = ray[:, :, None] * ray[:, None]
    across = np.broadcast_to(ACROSS_SIGMA**2 + np.square(image_error), distance.shape)
    covariance = across[:, None, None] * (np.eye(3) - along)
    covariance += ((DEPTH_SIGMA * distance) ** 2)[:, None, None] * along
    return covariance.astype(np.float32)

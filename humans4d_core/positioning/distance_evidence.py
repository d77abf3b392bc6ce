"""What images, ground and depth say about how far away a body is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..types import Bodies, Camera

#: How far below or beside its box a point of a person may lie, in heights of the box: what lies
#: farther out was not seen by whoever made the box.
BOX_MARGIN = 0.08

#: px, a point this near to the image's border may belong to a body that is cut off there.
BORDER_PX = 2.0


@dataclass(frozen=True)
class DistanceFactor(Batch):
    """By which factor N bodies are farther away than their recovery says: Gaussians about it.

    distance = value * recovered distance, both in metres. So the standard deviation of the distance
    is sqrt(variance) * recovered distance, whatever the value is: the variance is one of the
    factor, not of the logarithm of the distance, and is not relative to the new distance.
    """

    value: np.ndarray  #: (N,) float64, 1: as the recovery says
    variance: np.ndarray  #: (N,) float64, of `value`; inf: nothing is known

    def times(self, factor: np.ndarray) -> DistanceFactor:
        """The distances multiplied by exactly known factors (N,)."""
        return DistanceFactor(self.value * factor, self.variance * factor**2)


def size_evidence(bodies: Bodies) -> DistanceFactor:
    """What the size of N bodies says of their distance: as far as they are, give or take what
    their covariance along the viewing ray says."""
    pelvis = bodies.pelvis_cam.astype(np.float64)
    square = np.maximum((pelvis**2).sum(1), 1e-12)
    covariance = bodies.pelvis_covariance_cam.astype(np.float64)
    along = np.einsum("ni,nij,nj->n", pelvis, covariance, pelvis) / square
    return DistanceFactor(np.ones(len(bodies)), along / square)


def seen_confidence(
    bodies: Bodies, pixels: np.ndarray, joints: np.ndarray, camera: Camera
) -> np.ndarray:
    """How sure it is that points of N bodies at `pixels` (N, K, 2) were seen, not guessed, when
    the body was made: (N, K) in [0, 1].

    joints: (N, K) or (K,), who carries the points. Relative to the body's surest joint, since
    recoveries put the detector's scale of scores into their confidence; 0 where the point lies
    outside of the box that the recovery was given, or is cut off by the image's border.
    """
    confidence = bodies.joint_confidence.astype(np.float64)
    confidence = confidence / np.maximum(confidence.max(axis=1, keepdims=True), 1e-6)
    rows = np.arange(len(bodies))[:, None]
    size = np.array((camera.width, camera.height))
    boxes = bodies.boxes_px.astype(np.float64)
    margin = BOX_MARGIN * (boxes[:, 3:] - boxes[:, 1:2])
    low = np.maximum(boxes[:, :2] - margin, BORDER_PX)[:, None]
    high = np.minimum(boxes[:, 2:] + margin, size - 1 - BORDER_PX)[:, None]
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= low) & (pixels <= high)).all(-1)
    return np.where(inside, confidence[rows, joints], 0.0)

"""What one training sample holds: a crop, and all that is known of who is in it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ..people.mirror import MIRRORED_JOINTS, mirrored_rotations


@dataclass(frozen=True)
class Sample:
    """One person. The crop is the network's: see recovery/crops."""

    crop_bgr: np.ndarray  #: (256, 256, 3) uint8
    mask: np.ndarray  #: (256, 256) uint8, 255 where a pixel shows the person
    global_orient: np.ndarray  #: (3, 3) float32, to the axes of the crop's camera
    body_pose: np.ndarray  #: (23, 3, 3) float32, relative to the parent joint
    betas: np.ndarray  #: (10,) float32
    keypoints_3d: np.ndarray  #: (K, 4) float32: m in the camera's axes, confidence
    #: (K, 3) float32: place in the crop, from -.5 at its left and top to .5, confidence.
    keypoints_2d: np.ndarray
    is_known: np.ndarray  #: (3,) float32: whether global_orient, body_pose and betas are


#: Fields that are arrays of numbers, in files and in batches.
ARRAYS = tuple(f.name for f in fields(Sample))[2:]
#: The keypoints of the other side, by the number of keypoints: SMPL's, and HMR 2.0's (OpenPose's
#: 25, then 19 more).
MIRRORED_KEYPOINTS = {
    24: MIRRORED_JOINTS,
    44: (0, 1, 5, 6, 7, 2, 3, 4, 8, 12, 13, 14, 9, 10, 11, 16, 15, 18, 17, 22, 23, 24, 19, 20, 21,
         30, 29, 28, 27, 26, 25, 36, 35, 34, 33, 32, 31, 37, 38, 39, 40, 41, 42, 43),
}  # fmt: skip


def mirrored(sample: Sample) -> Sample:
    """The sample in a mirror."""
    places = list(MIRRORED_KEYPOINTS[len(sample.keypoints_2d)])
    local = np.concatenate((sample.global_orient[None], sample.body_pose))
    turned = mirrored_rotations(local)
    keypoints_3d, keypoints_2d = sample.keypoints_3d[places], sample.keypoints_2d[places]
    return Sample(
        np.ascontiguousarray(sample.crop_bgr[:, ::-1]),
        np.ascontiguousarray(sample.mask[:, ::-1]),
        turned[0],
        turned[1:],
        sample.betas,
        keypoints_3d * np.array((-1, 1, 1, 1), np.float32),
        keypoints_2d * np.array((-1, 1, 1), np.float32),
        sample.is_known,
    )

"""MoveNet MultiPose Lightning, its person detector alone: a heat map of centres and their boxes.

Google, MoveNet (https://www.tensorflow.org/hub/tutorials/movenet); Zhou et al., "Objects as
Points" (the decoding). Without its keypoint branches it has no limit of six people, and its score
is the centre's probability: as good a ranking as the original's, which mixes in the keypoints.
"""

from __future__ import annotations

import numpy as np

from ..onnx_session import open_session
from ..types import Detections
from .letterbox import letterbox, to_detections

STRIDE = 4
LONG_SIDE = 512


class MoveNet:
    """People by MoveNet: slower than NanoDet; finds close, blurred and odd poses surely."""

    name = "movenet"
    start_score = 0.4

    def __init__(self, threads: int | None = None, threshold: float = 0.35):
        self.threshold = threshold
        self._session = open_session("movenet_multipose.onnx", threads)

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8 of any size, best first; none is an empty result."""
        batch, scale = letterbox(image_bgr, LONG_SIDE)
        # (1, 1, h, w) scores, zero beside the peaks; (1, 4, h, w) boxes
        scores, maps = self._session.run(["centers", "boxes"], {"image": batch})
        scores = scores[0, 0]
        rows, columns = np.nonzero(scores > self.threshold)
        offset_y, offset_x, height, width = maps[0][:, rows, columns]
        center = np.stack((columns + offset_x, rows + offset_y), axis=1)
        half = np.stack((width, height), axis=1) / 2
        boxes = np.concatenate((center - half, center + half), axis=1) * STRIDE
        return to_detections(boxes, scores[rows, columns], image_bgr.shape[:2], scale)

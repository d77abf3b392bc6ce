"""A detector of one's own: anything with a name, a start_score and detect().

python examples/own_detector.py VIDEO
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from humans4d_core.io import CameraChoice, open_source
from humans4d_core.pipeline import create_pipeline
from humans4d_core.types import Detections


class MovingThings:
    """Whatever moves before a camera that stands, where it is higher than wide."""

    name = "moving_things"
    start_score = 0.5  # of a detection that may start a track

    def __init__(self):
        self.background = cv2.createBackgroundSubtractorMOG2(detectShadows=False)

    def detect(self, image_bgr: np.ndarray) -> Detections:
        moves = cv2.morphologyEx(self.background.apply(image_bgr), cv2.MORPH_CLOSE, np.ones((9, 9)))
        *_, stats, _ = cv2.connectedComponentsWithStats(moves)
        x, y, width, height, _ = stats[1:].T
        boxes = np.stack((x, y, x + width, y + height), axis=1).astype(np.float32)
        boxes = boxes[(height > 40) & (height > width)]
        return Detections(boxes, np.full(len(boxes), 0.9, np.float32))


pipeline = create_pipeline(detector=MovingThings())
with open_source(Path(sys.argv[1]), CameraChoice(fov_degrees=60)) as source:
    for frame in source:
        result = pipeline.process(frame)
        print(f"frame {frame.number}: {len(result.detections)} boxes, {len(result.people)} people")

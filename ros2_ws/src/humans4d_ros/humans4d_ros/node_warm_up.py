"""Pays for what the first image would otherwise pay: compilation, memory, libraries."""

from __future__ import annotations

import math

import numpy as np

from humans4d_core.drawing import warm_up as compile_kernels
from humans4d_core.pipeline import Pipeline
from humans4d_core.types import Camera, Detections, Frame


def warm_up(pipeline: Pipeline) -> None:
    """Run each part once; the tracker is left as it was, so no id is spent."""
    width, height = 640, 480
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    frame = Frame(noise, 0, Camera.from_fov(width, height, math.pi / 3))
    box = np.array([[240, 80, 400, 460]], np.float32)
    pipeline.detector.detect(frame.image_bgr)
    pipeline.recovery.recover(frame, Detections(box, np.ones(1, np.float32)))
    compile_kernels()

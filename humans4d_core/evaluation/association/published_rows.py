"""What our tracker says of boxes, as it says it: nothing is read ahead, nothing filled in."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ...config import PipelineConfig
from ...detection import GivenBoxes
from ...pipeline import Pipeline, create_pipeline
from ...recovery.upright import UprightRecovery
from ...types import Frame, TrackState
from ..mot_tables import box_rows
from .sequences import BoxSequence, no_image


@dataclass(frozen=True)
class Published:
    """All people of a sequence, one row a person and frame."""

    frames: np.ndarray  #: (R,) 1 = first
    ids: np.ndarray  #: (R,)
    states: np.ndarray  #: (R,) TrackState
    boxes_px: np.ndarray  #: (R, 4)
    confidence: np.ndarray  #: (R,)
    milliseconds: float  #: a frame, median, tracking alone

    def table(self, wanted: np.ndarray) -> np.ndarray:
        """(K, 6) frame, id, x, y, w, h of the rows of a mask (R,)."""
        return box_rows(self.frames[wanted], self.ids[wanted], self.boxes_px[wanted])

    @property
    def seen(self) -> np.ndarray:
        """(R,) bool: believed, and seen in that image: what `--mot` writes."""
        return self.states == TrackState.CONFIRMED

    @property
    def predicted(self) -> np.ndarray:
        """(R,) bool: believed, and not seen in that image."""
        return self.states == TrackState.OCCLUDED


def box_pipeline(config: PipelineConfig) -> Pipeline:
    """The pipeline of boxes alone: people are stood up in them, and have no clothes."""
    config = config.replaced({"tracker.use_appearance": False})
    return create_pipeline(config, detector=GivenBoxes(), recovery=UprightRecovery())


def published(sequence: BoxSequence, pipeline: Pipeline) -> Published:
    """What `pipeline` publishes of a sequence."""
    camera = sequence.camera
    image = no_image(camera)
    parts, times = [], []
    for number in range(1, sequence.num_frames + 1):
        frame = Frame(image, sequence.stamp_ns(number), camera, number=number)
        start = time.perf_counter()
        people = pipeline.process(frame, sequence.detections[number]).people
        times.append(time.perf_counter() - start)
        parts.append((
            np.full(len(people), number), people.track_ids.astype(np.int64), people.states,
            people.bodies.boxes_px, people.confidence,
        ))  # fmt: skip
    frames, ids, states, boxes, confidence = map(np.concatenate, zip(*parts, strict=True))
    milliseconds = 1e3 * float(np.median(times))
    return Published(frames, ids, states, boxes, confidence, milliseconds)

"""A recovery of one's own: anything with a name, a body and recover(); here around another one.

python examples/own_recovery.py VIDEO
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from humans4d_core.io import CameraChoice, open_source
from humans4d_core.pipeline import create_pipeline
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Bodies, Detections, Frame


class TwiceAsSure:
    """The embedded recovery, whose distances are stated twice as surely."""

    name, description = "twice_as_sure", "an example"

    def __init__(self):
        self.inner = create_recovery()
        self.body, self.device = self.inner.body, self.inner.device

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        bodies = self.inner.recover(frame, detections)
        covariance = bodies.pelvis_covariance_cam / np.float32(4)
        return replace(bodies, pelvis_covariance_cam=covariance, recovery=self.name)


pipeline = create_pipeline(recovery=TwiceAsSure())
with open_source(Path(sys.argv[1]), CameraChoice(fov_degrees=60)) as source:
    for frame in source:
        people = pipeline.process(frame).people
        sigmas = np.sqrt(np.trace(people.position_covariance_cam, axis1=1, axis2=2))
        print(f"frame {frame.number}: {people.bodies.recovery}, {np.round(sigmas, 2).tolist()} m")

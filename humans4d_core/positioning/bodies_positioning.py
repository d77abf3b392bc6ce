"""Bodies of one frame in, the same bodies at better distances out."""

from __future__ import annotations

import numpy as np

from ..body import BodyModel, Surface
from ..config.positioning_config import DEFAULT, PositioningConfig
from ..types import Bodies, Frame, Pose
from .contact_points import ContactPoints
from .depth_distance import depth_factor
from .distance_evidence import size_evidence
from .distance_fusion import fuse_distances
from .ground_distance import ground_factor
from .learned_ground import LearnedGround
from .upright_posture import hips_over_feet


class Positioning:
    """Places the bodies of one body model, seen by one camera. Not thread-safe.

    Depth and a known ground are used where the Frame has them. Without a known ground, the one that
    people's feet show is learned from image to image.
    """

    def __init__(self, body: BodyModel, config: PositioningConfig = DEFAULT):
        self.contacts = ContactPoints.of_body(body)
        self.surface = Surface.of_body(body)
        self.joints = None if self.surface is None else body.segments[self.surface.points]
        self.learned_ground = LearnedGround(config)

    @property
    def config(self) -> PositioningConfig:
        """May be set between frames."""
        return self.learned_ground.config

    @config.setter
    def config(self, config: PositioningConfig) -> None:
        self.learned_ground.config = config

    def reset(self) -> None:
        """Forget the learned ground."""
        self.learned_ground.reset()

    def up_cam(self, frame: Frame) -> np.ndarray:
        """(3,) best guess of the direction against gravity, a unit vector in the camera's axes."""
        known_ground = _finite(frame.ground_from_camera)
        if known_ground is not None:
            return known_ground.rotation[2]
        return self.learned_ground.up_cam(_finite(frame.fixed_from_camera))

    def place(self, frame: Frame, bodies: Bodies) -> Bodies:
        """`bodies`, N in the frame's camera, at the distances that all evidence together says.

        Bodies of another model, and those of which nothing was measured, stay where they are.
        """
        if len(bodies) and bodies.vertices_cam.shape[1] != self.contacts.num_vertices:
            return bodies
        measurements, config, ground = [], self.config, self.learned_ground
        known_ground = _finite(frame.ground_from_camera)
        if frame.depth_m is not None and self.surface is not None and self.joints is not None:
            measurements.append(depth_factor(frame, bodies, self.surface, self.joints, config))
        if known_ground is None:
            ground.follow(_finite(frame.fixed_from_camera))
        up = self.up_cam(frame)
        contacts = self.contacts.lowest(bodies, up, frame.camera, config)
        if known_ground is not None:
            factor = ground_factor(contacts, known_ground, config)
        else:
            factor = ground.factor(contacts)
            ground.learn(contacts, size_evidence(bodies), frame.stamp_ns)
        measurements.append(factor.times(hips_over_feet(bodies, up, config)))
        return fuse_distances(bodies, measurements, config) if len(bodies) else bodies


def _finite(pose: Pose | None) -> Pose | None:
    """A pose that can be used; one with a NaN is as good as none."""
    if pose is None or not np.isfinite(pose.rotation.sum() + pose.translation.sum()):
        return None
    return pose

"""The lowest point of a body: what it stands, kneels, sits or lies on the ground with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..body import BodyModel
from ..config.positioning_config import DEFAULT, PositioningConfig
from ..geometry import project
from ..types import Bodies, Camera
from .distance_evidence import seen_confidence

#: Directions in which a part of the body may be the lowest: the faces, edges and corners of a cube.
_DIRECTIONS = np.array([d for d in product((-1.0, 0, 1), repeat=3) if any(d)])


@dataclass(frozen=True)
class Contacts:
    """Where N bodies would touch the ground if there were no air under them."""

    points_cam: np.ndarray  #: (N, 3) float64 m, under the shoe
    #: (N,) m on the body as recovered, standard deviation of the point's height; inf: it was not
    #: seen
    sigma: np.ndarray


@dataclass(frozen=True)
class ContactPoints:
    """Vertices that stick out of the parts of a body: soles, knees, hands, back of the head."""

    vertices: np.ndarray  #: (K,) int, indices into the body model's vertices
    joints: np.ndarray  #: (K,) int, the joint that carries each
    num_vertices: int  #: of the body model

    @classmethod
    def of_body(cls, body: BodyModel) -> ContactPoints:
        """Of each joint's part of the mesh, the vertices farthest along 26 directions at rest."""
        vertices, _ = body.at_rest()
        along = vertices @ _DIRECTIONS.T  # (V, 26)
        segments = body.segments
        chosen = [
            np.unique(part[along[part].argmax(0)])
            for part in (np.flatnonzero(segments == joint) for joint in np.unique(segments))
        ]
        vertices = np.concatenate(chosen)
        return cls(vertices, segments[vertices], len(segments))

    def lowest(
        self,
        bodies: Bodies,
        up_cam: np.ndarray,
        camera: Camera,
        config: PositioningConfig = DEFAULT,
    ) -> Contacts:
        """The lowest points of N bodies of this model along `up_cam` (3,), a unit vector."""
        vertices = bodies.vertices_cam[:, self.vertices].astype(np.float64)
        people = np.arange(len(bodies))
        lowest = (vertices @ up_cam).argmin(1)
        skin = vertices[people, lowest]
        pixels = project(skin, camera)
        pixel_size = skin[:, 2] / camera.fy  # m
        sigma = np.hypot(config.contact_sigma, config.contact_sigma_px * pixel_size)
        joints = self.joints[lowest]
        confidence = seen_confidence(bodies, pixels[:, None], joints[:, None], camera)[:, 0]
        seen = confidence >= config.contact_confidence
        sigma = np.where(seen, sigma / np.sqrt(np.where(seen, confidence, 1.0)), np.inf)
        return Contacts(skin - config.shoe_sole * up_cam, sigma)

"""Points all over a body that carry colours, and the coarse mesh that they span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from ..types import JOINT_PARENTS
from .body_model import BodyModel

#: Points of a body that carry colours; a mesh with fewer vertices has no appearance.
NUM_POINTS = 320

#: Parts of clothing, as joints of SMPL: head, trunk with upper arms, hips with thighs, lower legs.
#: Forearms, hands and feet move too fast or are too thin to be sampled well; they are in no part.
PARTS = ((12, 15), (3, 6, 9, 13, 14, 16, 17), (0, 1, 2), (4, 5))


@dataclass(frozen=True)
class Surface:
    """The points of a body model that carry colours, and the coarse mesh that they span."""

    points: np.ndarray  #: (K,) int, vertices of the body model
    faces: np.ndarray  #: (F, 3) int32, triangles between points
    parts: np.ndarray  #: (K,) int, index in PARTS; -1 for none
    num_vertices: int  #: of the body model

    @classmethod
    def of_body(cls, body: BodyModel) -> Surface | None:
        """Of a body model; None where its mesh is too coarse to choose from."""
        vertices, joints = body.at_rest()
        return cls.of(vertices, np.asarray(body.faces), joints)

    @classmethod
    def of(cls, vertices: np.ndarray, faces: np.ndarray, joints: np.ndarray) -> Surface | None:
        """From a body at rest: vertices (V, 3), joints (24, 3) m, faces (F, 3).

        None where the mesh is too coarse to choose from.
        """
        if len(vertices) < NUM_POINTS:
            return None
        points = _spread(vertices, NUM_POINTS)
        edges = np.concatenate((faces[:, :2], faces[:, 1:], faces[:, ::2]))
        lengths = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1) + 1e-9
        graph = coo_matrix((lengths, edges.T), shape=(len(vertices),) * 2).tocsr()
        _, _, nearest = dijkstra(
            graph, directed=False, indices=points, min_only=True, return_predecessors=True
        )
        # A triangle whose corners belong to three points joins them in the coarse mesh.
        rank = np.full(len(vertices) + 1, -1)
        rank[points] = np.arange(len(points))
        # The last of rank, -1: a loose part of the mesh that has no point.
        coarse = rank[np.maximum(nearest, -1)[faces]]
        a, b, c = coarse.T
        coarse = coarse[(a != b) & (b != c) & (c != a) & (coarse >= 0).all(1)]
        _, first = np.unique(np.sort(coarse, axis=1), axis=0, return_index=True)
        part_of_joint = np.full(24, -1)
        for part, members in enumerate(PARTS):
            part_of_joint[list(members)] = part
        apart = _distance_to_bones(vertices[points], joints)
        return cls(
            points, coarse[np.sort(first)].astype(np.int32), part_of_joint[apart.argmin(1)],
            len(vertices),
        )  # fmt: skip


def _spread(vertices: np.ndarray, count: int) -> np.ndarray:
    """(count,) vertices, each the farthest from those before it."""
    points = np.zeros(count, np.intp)
    apart = np.full(len(vertices), np.inf)
    for k in range(1, count):
        apart = np.minimum(apart, np.linalg.norm(vertices - vertices[points[k - 1]], axis=1))
        points[k] = apart.argmax()
    return points


def _distance_to_bones(points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Distance (K, 24) of points (K, 3) to the bone from each joint (24, 3) to its first child."""
    ends = joints.copy()
    for child in range(len(joints) - 1, 0, -1):
        ends[JOINT_PARENTS[child]] = joints[child]
    bones = ends - joints
    offset = points[:, None] - joints
    along = (offset * bones).sum(-1) / np.maximum((bones**2).sum(-1), 1e-12)
    return np.linalg.norm(offset - np.clip(along, 0, 1)[..., None] * bones, axis=-1)

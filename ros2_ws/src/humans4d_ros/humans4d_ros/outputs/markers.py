"""Tracked people -> RViz markers: skeletons with ids and, on a topic of their own, meshes."""

from __future__ import annotations

import numpy as np

from humans4d_core.drawing.colors import id_color
from humans4d_core.types import BONES, JOINT_NAMES, People, TrackState

from .marker_array import (
    DELETE,
    DELETEALL,
    LINE_LIST,
    TEXT_VIEW_FACING,
    TRIANGLE_LIST,
    Shape,
    marker_array,
)
from .scene import Scene

#: Both ends of each bone, one after the other.
BONE_ENDS = BONES.ravel()
HEAD = JOINT_NAMES.index("head")
LINE_WIDTH, LABEL_HEIGHT, LABEL_ABOVE_HEAD = 0.03, 0.2, 0.35  # m
OCCLUDED_OPACITY = 0.35


class _Display:
    """What a listener sees: remembers who is on it, to delete those who left."""

    namespaces: tuple[str, ...]  #: one marker of each per person, under the track's id

    def __init__(self):
        self._shown: set[int] = set()
        self._listeners = 0

    def update(self, scene: Scene, listeners: int) -> bytes:
        """MarkerArray with the confirmed and (fainter) the occluded people; deletes all others.

        listeners: how many there are. Where another one has come, what an earlier run of the node
        may have left on its display is deleted first.
        """
        shapes = [Shape(action=DELETEALL)] if listeners > self._listeners else []
        self._listeners = listeners
        shapes += self._shapes(scene)
        ids = set(scene.present.track_ids.tolist())
        shapes += [
            Shape(namespace, track_id, DELETE)
            for track_id in sorted(self._shown - ids)
            for namespace in self.namespaces
        ]
        self._shown = ids
        return marker_array(shapes, scene.stamp_ns, scene.frame_id)

    def clear(self) -> bytes:
        """Takes everything off the display."""
        self._shown = set()
        return marker_array([Shape(action=DELETEALL)], 0, "")

    def _shapes(self, scene: Scene) -> list[Shape]:
        raise NotImplementedError


class SkeletonMarkers(_Display):
    """Bones as lines, and the track's id above the head."""

    namespaces = ("skeleton", "label")

    def _shapes(self, scene: Scene) -> list[Shape]:
        people = scene.present
        joints = people.bodies.joints_cam.astype(np.float64)
        bones = joints[:, BONE_ENDS]
        labels = (joints[:, HEAD] + LABEL_ABOVE_HEAD * scene.up).tolist()
        shapes = []
        for i, (track_id, color) in enumerate(_colors(people)):
            skeleton = Shape(
                "skeleton", track_id, type=LINE_LIST, scale=(LINE_WIDTH, 0.0, 0.0), color=color,
                points=bones[i],
            )  # fmt: skip
            label = Shape(
                "label", track_id, type=TEXT_VIEW_FACING, scale=(0.0, 0.0, LABEL_HEIGHT),
                color=color, position=labels[i], text=str(track_id),
            )  # fmt: skip
            shapes += [skeleton, label]
        return shapes


class MeshMarkers(_Display):
    """Every triangle of every body: a megabyte a person."""

    namespaces = ("mesh",)

    def __init__(self, faces: np.ndarray):
        """faces: (F, 3) indices of vertices."""
        super().__init__()
        self._corners = faces.reshape(-1).astype(np.intp)
        self._points = np.empty((0, len(self._corners), 3))  # kept: new memory costs more to touch

    def _shapes(self, scene: Scene) -> list[Shape]:
        people = scene.present
        if len(people) > len(self._points):
            self._points = np.empty((len(people), len(self._corners), 3))
        points = self._points[: len(people)]
        vertices = people.bodies.vertices_cam.astype(np.float64)
        # mode: "raise" would gather into a buffer of its own first.
        np.take(vertices, self._corners, axis=1, out=points, mode="clip")
        return [
            Shape(
                "mesh",
                track_id,
                type=TRIANGLE_LIST,
                scale=(1.0, 1.0, 1.0),
                color=color,
                points=points[i],
            )  # fmt: skip
            for i, (track_id, color) in enumerate(_colors(people))
        ]


def _colors(people: People) -> list[tuple[int, tuple[float, float, float, float]]]:
    """Each person's id and colour: red, green, blue, opacity."""
    colors = []
    for track_id, state in zip(people.track_ids.tolist(), people.states.tolist(), strict=True):
        blue, green, red = (value / 255 for value in id_color(track_id))
        opacity = OCCLUDED_OPACITY if state == TrackState.OCCLUDED else 1.0
        colors.append((track_id, (red, green, blue, opacity)))
    return colors

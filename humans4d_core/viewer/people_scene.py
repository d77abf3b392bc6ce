"""People, their ways and the camera as nodes of a viser scene.

Meshes are nodes of their own, of which only the vertices are sent again. What is thin (skeletons,
trails, forecasts) is one node for everybody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from ..drawing.colors import id_color
from ..types import BONES, Pose, TrackState
from .view_frame import ViewFrame

#: s of a person's way that are shown, and m that make it longer.
TRAIL_SECONDS, TRAIL_STEP = 6.0, 0.05
#: Width in pixels of the camera's image in the scene.
IMAGE_WIDTH = 320
#: Opacity of who is hidden.
HIDDEN = 0.35
#: Radius, in standard deviations, of the ellipse that holds 95 % of a plane's Gaussian.
ELLIPSE_95 = 2.4477
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 25)) for f in (np.cos, np.sin)])  # (2, 25)
_NOTHING = np.zeros((0, 2, 3), np.float32)


@dataclass
class Shown:
    """What the viewer wants to see."""

    meshes: bool = True
    skeletons: bool = False
    trails: bool = True
    forecasts: bool = True
    labels: bool = True
    image: bool = True


class PeopleScene:
    """Draws ViewFrames into a viser server's scene. One thread owns it.

    faces: (F, 3) of the bodies' mesh. Bodies without vertices are drawn as skeletons. on_pick:
    hears the track_id of a mesh that is clicked.
    """

    def __init__(self, server, faces: np.ndarray, on_pick: Callable[[int], None] | None = None):
        self._server, self._faces, self._on_pick = server, np.asarray(faces), on_pick
        self._meshes: dict[int, Any] = {}
        self._labels: dict[int, Any] = {}
        self._trails: dict[int, deque] = {}
        self._camera: Any = None
        self._aspect = 0.0
        self._ground_m: float | None = None
        scene = server.scene
        scene.set_up_direction("+z")
        scene.configure_default_lights()
        self._ground = scene.add_grid(
            "/ground", cell_size=1.0, section_size=5.0, infinite_grid=True, fade_distance=60.0,
            cell_color=(60, 60, 60), section_color=(110, 110, 110),
        )  # fmt: skip
        self._lines = {
            name: scene.add_line_segments(
                f"/{name}", _NOTHING, _NOTHING, thickness=width, thickness_units="screen"
            )
            for name, width in (("skeletons", 3.0), ("trails", 2.0), ("forecasts", 2.0))
        }

    @property
    def ground_height(self) -> float:
        """Of the ground that is drawn, m in the world."""
        return self._ground_m or 0.0

    def use_faces(self, faces: np.ndarray) -> None:
        """Of the meshes from now on."""
        if not np.array_equal(faces, self._faces):
            self._faces = np.asarray(faces)
            self._keep(set())

    def forget(self) -> None:
        """Remove everybody and their ways."""
        self._keep(set())
        self._trails.clear()
        self._ground_m = None

    def note(self, frame: ViewFrame) -> None:
        """Remember where people are, though nobody looks."""
        old = frame.stamp_ns - round(TRAIL_SECONDS * 1e9)
        for track_id, place in zip(
            frame.people.track_ids.tolist(), frame.pelvis_world, strict=True
        ):
            trail = self._trails.setdefault(track_id, deque(maxlen=400))
            if not trail or np.linalg.norm(place - trail[-1][1]) > TRAIL_STEP:
                trail.append((frame.stamp_ns, place))
        for track_id in list(self._trails):
            trail = self._trails[track_id]
            while trail and (trail[0][0] < old or trail[0][0] > frame.stamp_ns):
                trail.popleft()
            if not trail:
                del self._trails[track_id]

    def draw(self, frame: ViewFrame, shown: Shown) -> None:
        """Show `frame`; call `note` with it before."""
        people = frame.people.select(np.isin(
            frame.people.states, (TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED)
        ))  # fmt: skip
        chosen = np.isin(frame.people.track_ids, people.track_ids)
        ids = people.track_ids.tolist()
        world = frame.world_from_camera
        colors = np.array([id_color(i)[::-1] for i in ids], np.uint8).reshape(-1, 3)
        joints = world.apply(people.bodies.joints_cam).astype(np.float32)
        with self._server.atomic():
            self._keep(set(ids))
            self._draw_camera(frame, shown.image)
            self._draw_ground(frame, joints)
            has_mesh = people.bodies.vertices_cam.shape[1] > 0 and len(self._faces) > 0
            self._draw_meshes(people, world, colors, shown.meshes and has_mesh)
            bones = joints[:, BONES].reshape(-1, 2, 3)
            show_bones = shown.skeletons or (shown.meshes and not has_mesh)
            self._draw_lines("skeletons", bones, colors, len(BONES), show_bones)
            self._draw_trails(ids, colors, shown.trails)
            self._draw_forecasts(frame, chosen, colors, shown.forecasts)
            self._draw_labels(people, frame.distances[chosen], joints, shown.labels)

    def _keep(self, ids: set[int]) -> None:
        for nodes in (self._meshes, self._labels):
            for track_id in set(nodes) - ids:
                nodes.pop(track_id).remove()

    def _draw_camera(self, frame: ViewFrame, with_image: bool) -> None:
        camera = frame.camera
        if camera is None:
            if self._camera is not None:
                self._camera.visible = False
            return
        world = frame.world_from_image or frame.world_from_camera
        fov = 2 * np.arctan(camera.height / (2 * camera.fy))
        if self._camera is None or self._aspect != camera.width / camera.height:
            self._aspect = camera.width / camera.height
            self._camera = self._server.scene.add_camera_frustum(
                "/camera", fov=fov, aspect=self._aspect, scale=1.0, format="jpeg", jpeg_quality=70,
                color=(200, 200, 200),
            )  # fmt: skip
        node = self._camera
        node.fov, node.visible = fov, True
        node.wxyz, node.position = _wxyz(world.rotation), world.translation
        image = frame.image_bgr if with_image else None
        if image is not None:
            height = max(round(IMAGE_WIDTH / self._aspect), 1)
            small = cv2.resize(image, (IMAGE_WIDTH, height), interpolation=cv2.INTER_AREA)
            node.image = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
        elif node.image is not None:
            node.image = None

    def _draw_ground(self, frame: ViewFrame, joints: np.ndarray) -> None:
        """Where it is known; else a little below the lowest joints of those who are there."""
        height = frame.ground_m
        if height is None and len(joints):
            lowest = float(np.median(joints[..., 2].min(1))) - 0.08
            before = self._ground_m
            height = lowest if before is None else before + 0.1 * (lowest - before)
        if height is not None and (self._ground_m is None or abs(height - self._ground_m) > 1e-3):
            self._ground_m = height
            self._ground.position = (0.0, 0.0, height)

    def _draw_meshes(self, people, world: Pose, colors: np.ndarray, visible: bool) -> None:
        if not visible:
            for node in self._meshes.values():
                node.visible = False
            return
        rotation, translation = (np.float32(part) for part in (world.rotation, world.translation))
        vertices = people.bodies.vertices_cam @ rotation.T + translation
        hidden = people.states != TrackState.CONFIRMED
        for row, track_id in enumerate(people.track_ids.tolist()):
            opacity = HIDDEN if hidden[row] else None
            node = self._meshes.get(track_id)
            if node is None or len(node.vertices) != vertices.shape[1]:
                node = self._server.scene.add_mesh_simple(
                    f"/people/{track_id}", vertices[row], self._faces, opacity=opacity,
                    color=tuple(colors[row].tolist()), cast_shadow=False, receive_shadow=False,
                )  # fmt: skip
                if (pick := self._on_pick) is not None:
                    node.on_click(lambda _, track_id=track_id, pick=pick: pick(track_id))
                self._meshes[track_id] = node
                continue
            node.vertices = vertices[row]
            if node.opacity != opacity:
                node.opacity = opacity
            if not node.visible:
                node.visible = True

    def _draw_lines(
        self, name: str, segments: np.ndarray, colors: np.ndarray, each: int, visible: bool = True
    ) -> None:
        """segments (N * each, 2, 3) m of people with colors (N, 3)."""
        node = self._lines[name]
        if not visible or not len(segments):
            segments, of_segments = _NOTHING, _NOTHING
        else:
            of_segments = np.repeat(colors, each, axis=0)[:, None].repeat(2, axis=1)
        if len(segments) or len(node.points):
            node.points, node.colors = segments.astype(np.float32), of_segments

    def _draw_trails(self, ids: list[int], colors: np.ndarray, visible: bool) -> None:
        parts, counts = [_NOTHING], []
        for track_id in ids:
            places = np.array([place for _, place in self._trails.get(track_id, ())], np.float32)
            parts.append(np.stack((places[:-1], places[1:]), 1) if len(places) > 1 else _NOTHING)
            counts.append(len(parts[-1]))
        self._draw_lines(
            "trails", np.concatenate(parts), np.repeat(colors, counts, axis=0), 1, visible
        )

    def _draw_forecasts(
        self, frame: ViewFrame, chosen: np.ndarray, colors: np.ndarray, visible: bool
    ) -> None:
        """The way ahead and, on the ground, the ellipse that holds 95 % at its end."""
        if frame.forecast is not None:
            told = frame.forecast.positions_cam, frame.forecast.covariances_cam
            # Of somebody nothing may be told.
            known = np.isfinite(told[0]).all((1, 2)) & np.isfinite(told[1]).all((1, 2, 3))
            chosen, colors = chosen & known, colors[known[chosen]]
        if frame.forecast is None or not chosen.any() or not visible:
            self._draw_lines("forecasts", _NOTHING, colors, 1, False)
            return
        rotation = frame.world_from_camera.rotation
        ahead = frame.world_from_camera.apply(frame.forecast.positions_cam[chosen])  # (N, T, 3)
        way = np.concatenate((frame.pelvis_world[chosen][:, None], ahead), axis=1)
        last = frame.forecast.covariances_cam[chosen, -1].astype(np.float64)
        plane = (rotation @ last @ rotation.T)[:, :2, :2]
        ring = np.linalg.cholesky(plane) @ (ELLIPSE_95 * _CIRCLE)  # (N, 2, 25)
        edge = np.repeat(way[:, -1:], _CIRCLE.shape[1], axis=1)
        edge[..., :2] += ring.transpose(0, 2, 1)
        parts = [np.stack((line[:, :-1], line[:, 1:]), axis=2) for line in (way, edge)]
        segments = np.concatenate(parts, axis=1)  # (N, T + 24, 2, 3)
        self._draw_lines("forecasts", segments.reshape(-1, 2, 3), colors, segments.shape[1])

    def _draw_labels(
        self, people, distances: np.ndarray, joints: np.ndarray, visible: bool
    ) -> None:
        speeds = np.linalg.norm(people.velocity_cam, axis=1)
        for row, track_id in enumerate(people.track_ids.tolist()):
            node = self._labels.get(track_id)
            if not visible:
                if node is not None:
                    node.visible = False
                continue
            state = TrackState(people.states[row])
            known = [] if np.isnan(distances[row]) else [f"{distances[row]:.1f} m"]
            text = "  ".join([str(track_id), *known, f"{speeds[row]:.1f} m/s"])
            if state != TrackState.CONFIRMED:
                text += f"  {state.name.lower()}"
            place = joints[row, 15] + np.array((0, 0, 0.35))
            if node is None:
                self._labels[track_id] = self._server.scene.add_label(
                    f"/labels/{track_id}", text, position=tuple(place.tolist()),
                    anchor="bottom-center", font_screen_scale=0.75,
                )  # fmt: skip
                continue
            node.text, node.position, node.visible = text, place, True


def _wxyz(rotation: np.ndarray) -> np.ndarray:
    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return np.array((w, x, y, z))

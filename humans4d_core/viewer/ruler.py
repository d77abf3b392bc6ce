"""Metres on the ground, between two places that are clicked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

COLOR = (255, 220, 60)
#: m; a click just below the horizon hits places beyond.
FARTHEST = 500.0


class Ruler:
    """A button of the panel: after it, two clicks on the ground make a line with its length.

    ground: the ground's height in the world, m, at the moment.
    """

    def __init__(self, server, ground: Callable[[], float]):
        self._server, self._ground = server, ground
        self._first: np.ndarray | None = None
        self._nodes: list[Any] = []
        self._is_measuring = False
        self._callback = self._take  # one object, by which it is taken away again
        self._button = server.gui.add_button("measure")
        self._button.on_click(lambda _: self.start())

    def start(self) -> None:
        """Wait for two clicks; what was measured before goes."""
        for node in self._nodes:
            node.remove()
        self._nodes, self._first = [], None
        self._button.label = "measure: click two places"
        if not self._is_measuring:
            self._is_measuring = True
            self._server.scene.on_click()(self._callback)

    def _take(self, event) -> None:
        place = on_the_ground(event.ray_origin, event.ray_direction, self._ground())
        if place is None:
            return
        scene = self._server.scene
        self._nodes.append(scene.add_icosphere(
            f"/ruler/{len(self._nodes)}", radius=0.05, color=COLOR, position=tuple(place.tolist())
        ))  # fmt: skip
        if self._first is None:
            self._first = place
            return
        ends = np.stack((self._first, place)).astype(np.float32)
        self._nodes.append(scene.add_line_segments(
            "/ruler/line", points=ends[None], colors=COLOR, thickness=4.0, thickness_units="screen"
        ))  # fmt: skip
        self._nodes.append(scene.add_label(
            "/ruler/length", f"{np.linalg.norm(ends[1] - ends[0]):.2f} m",
            position=tuple(ends.mean(0).tolist()),
        ))  # fmt: skip
        self._button.label = "measure"
        self._is_measuring = False
        scene.remove_click_callback(self._callback)


def on_the_ground(origin, direction, height: float) -> np.ndarray | None:
    """(3,) where a ray from above meets the plane z = height; None: nowhere near."""
    start, ray = np.asarray(origin, np.float64), np.asarray(direction, np.float64)
    if abs(ray[2]) < 1e-9:
        return None
    far = (height - start[2]) / ray[2]
    if not 0 < far < FARTHEST:
        return None
    place = start + far * ray
    place[2] = height
    return place

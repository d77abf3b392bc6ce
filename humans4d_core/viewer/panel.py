"""The side panel: what is shown, whom to follow, and everybody who is there as a table."""

from __future__ import annotations

from dataclasses import fields
from html import escape

import numpy as np

from ..types import Posture, TrackState
from .people_scene import Shown
from .view_frame import ViewFrame

NOBODY = "nobody"


class Panel:
    """Controls of a viser server. `shown` is what the viewer wants to see."""

    def __init__(self, server):
        self._server = server
        self.shown = Shown()
        self._status = server.gui.add_html(_padded("waiting for the first image"))
        self._follow = server.gui.add_dropdown("follow", (NOBODY,), initial_value=NOBODY)
        self._followed_at: np.ndarray | None = None
        with server.gui.add_folder("people"):
            self._table = server.gui.add_html(_padded("nobody"))
        with server.gui.add_folder("shown", expand_by_default=False):
            for field in fields(Shown):
                box = server.gui.add_checkbox(field.name, getattr(self.shown, field.name))
                box.on_update(self._setter(field.name, box))

    def follow(self, track_id: int) -> None:
        """Go along with a person who was picked; with nobody where it was this one already."""
        wanted = str(track_id)
        if self._follow.value == wanted:
            wanted = NOBODY
        elif wanted not in self._follow.options:
            self._follow.options = (*self._follow.options, wanted)
        self._follow.value = wanted

    def _setter(self, name: str, box):
        return lambda _: setattr(self.shown, name, box.value)

    def update(self, frame: ViewFrame, per_second: float) -> None:
        """Of the frame that is drawn, of which `per_second` come."""
        words = [frame.title] if frame.title else []
        words.append(f"{per_second:.1f} images/s")
        if frame.latency_s is not None:
            words.append(f"{1e3 * frame.latency_s:.0f} ms")
        self._status.content = _padded(escape(", ".join(words)))
        self._table.content = people_table(frame)
        self._follow_person(frame)

    def _follow_person(self, frame: ViewFrame) -> None:
        ids = [str(i) for i in frame.people.track_ids.tolist()]
        wanted = self._follow.value
        options = tuple(dict.fromkeys((NOBODY, *ids, wanted)))
        if options != tuple(self._follow.options):
            self._follow.options = options
            self._follow.value = wanted
        if wanted not in ids:
            self._followed_at = None
            return
        place = frame.pelvis_world[ids.index(wanted)]
        moved = np.zeros(3) if self._followed_at is None else place - self._followed_at
        for client in self._server.get_clients().values():
            camera = client.camera
            with client.atomic():
                # The camera goes along, and looks at the person from where the viewer has it.
                camera.position = camera.position + moved
                camera.look_at = place
        self._followed_at = place


def people_table(frame: ViewFrame) -> str:
    """HTML: id, distance, speed, state and posture of everybody, nearest first."""
    people = frame.people
    distance = frame.distances
    speed = np.linalg.norm(people.velocity_cam, axis=1)
    if not len(people):
        return _padded("nobody")
    rows = []
    for i in np.argsort(distance):
        posture = Posture(people.postures[i])
        metres = "" if np.isnan(distance[i]) else f"{distance[i]:.1f} m"
        cells = (
            str(int(people.track_ids[i])), metres, f"{speed[i]:.1f} m/s",
            TrackState(people.states[i]).name.lower(),
            "" if posture is Posture.UNKNOWN else posture.name.lower(),
        )  # fmt: skip
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return '<table style="width:100%;font-size:.8em">' + "".join(rows) + "</table>"


def _padded(html: str) -> str:
    return f'<div style="padding:0 .7em">{html}</div>'

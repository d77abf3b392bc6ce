"""The view beside a pipeline that runs: the newest image wins, and nobody waits for a viewer."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import numpy as np

from ..drawing import private_image
from ..pipeline import Pipeline, Result
from ..types import Frame
from .first_look import look_at_people
from .panel import Panel
from .people_scene import PeopleScene
from .ruler import Ruler
from .view_frame import FORECAST_SECONDS, ViewFrame, view_frame
from .view_server import DEFAULT_HOST, start_server, stop_server

#: Images a second that are drawn at most.
MOST_PER_SECOND = 30.0

_LOG = logging.getLogger(__name__)


class LiveView:
    """A page in the browser that shows what is given to `show`; use with `with`.

    faces: (F, 3) of the bodies' mesh. A thread of its own draws the newest frame; nothing is drawn
    while no browser is there. Raises Humans4dError where the server cannot start.
    """

    def __init__(self, faces: np.ndarray, host: str = DEFAULT_HOST, port: int | None = None):
        self.server, self.address = start_server(host, port)
        self.panel = Panel(self.server)
        self._scene = PeopleScene(self.server, faces, self.panel.follow)
        self.ruler = Ruler(self.server, lambda: self._scene.ground_height)
        self._changed = threading.Condition()
        self._newest: ViewFrame | None = None
        self._faces = np.asarray(faces)
        self._is_new = self._closed = False
        self._given = 0  # frames
        self._last_stamp_ns = 0
        self._is_placed = self._has_failed = False
        self.server.on_client_connect(lambda _: self._wake())
        self._thread = threading.Thread(target=self._draw, name="view", daemon=True)
        self._thread.start()

    def show(self, frame: ViewFrame) -> None:
        """Hand over a frame, at once; one that was not drawn yet is left out."""
        with self._changed:
            self._newest, self._is_new = frame, True
            self._given += 1
            self._changed.notify()

    def use_faces(self, faces: np.ndarray) -> None:
        """(F, 3) of the meshes of the frames that come from now on."""
        self._faces = np.asarray(faces)

    @property
    def has_viewers(self) -> bool:
        """Whether a browser is there."""
        return bool(self.server.get_clients())

    def say(self, text: str) -> None:
        """A sentence in every browser that is there."""
        for client in self.server.get_clients().values():
            client.add_notification("humans4d", text, auto_close_seconds=10.0)

    def close(self) -> None:
        """End the server; browsers keep the last picture."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        stop_server(self.server)

    def __enter__(self) -> LiveView:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _wake(self) -> None:
        """Whoever comes sees what was shown last."""
        with self._changed:
            self._is_new = self._newest is not None
            self._changed.notify()

    def _draw(self) -> None:
        since, given, rate = time.monotonic(), 0, 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_new or self._closed)
                if self._closed:
                    return
                frame, self._is_new = self._newest, False
                count = self._given
            assert frame is not None
            now = time.monotonic()
            if now - since >= 1.0:
                rate, since, given = (count - given) / (now - since), now, count
            try:
                self._draw_frame(frame, rate)
            except Exception:  # of somebody's message: the next one is drawn again
                if not self._has_failed:
                    _LOG.exception("an image's people cannot be shown")
                    self._has_failed = True
            time.sleep(max(0.0, 1 / MOST_PER_SECOND - (time.monotonic() - now)))

    def _draw_frame(self, frame: ViewFrame, rate: float) -> None:
        frame = frame.finite()
        if frame.stamp_ns < self._last_stamp_ns:
            self._scene.forget()
        self._last_stamp_ns = frame.stamp_ns
        self._scene.note(frame)
        if not self._is_placed and len(frame.people):
            look_at_people(self.server, frame)
            self._is_placed = True
        if self.has_viewers:
            self._scene.use_faces(self._faces)
            self._scene.draw(frame, self.panel.shown)
            self.panel.update(frame, rate)


def show_result(
    view: LiveView, pipeline: Pipeline, frame: Frame, result: Result, privacy: str = "none"
) -> None:
    """Hand over what a pipeline has just made of a frame. privacy: as of `private_image`."""
    if result.is_late:
        return
    forecast = None
    if view.has_viewers:
        forecast = pipeline.tracker.forecast(FORECAST_SECONDS)
        image = private_image(frame.image_bgr, result.people, privacy)
        frame = replace(frame, image_bgr=image)
    elif privacy != "none":
        frame = replace(frame, image_bgr=np.zeros_like(frame.image_bgr))
    view.show(
        view_frame(frame, result.people, result.up_cam, forecast, sum(result.seconds.values()))
    )

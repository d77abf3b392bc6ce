"""A time line for a recording: play, pause, step, speed, and jumps to a person's first sight."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from ..errors import InputFileError
from .live_view import LiveView
from .recording import Recording

SPEEDS = ("0.25x", "0.5x", "1x", "2x", "4x")
#: s, the longest pause between two images that is waited for.
LONGEST_PAUSE = 2.0


class Playback:
    """Shows a recording's frames in a view, at the pace of their stamps."""

    def __init__(self, recording: Recording, view: LiveView):
        self.recording, self._view = recording, view
        self._lock = threading.Condition()
        self._row, self._is_playing = 0, True
        gui = view.server.gui
        last = len(recording) - 1
        with gui.add_folder("time line", order=-1):
            self._slider = gui.add_slider("image", 1, max(last + 1, 2), 1, 1)
            self._button = gui.add_button_group("move", ("play / pause", "back", "forward"))
            self._speed = gui.add_dropdown("speed", SPEEDS, initial_value="1x")
            people = tuple(f"person {i}" for i in sorted(recording.first_sight)) or ("nobody",)
            self._jump = gui.add_dropdown("first sight of", people)
        self._slider.on_update(lambda event: self._slide(event.client))
        self._button.on_click(lambda _: self._press(self._button.value))
        self._jump.on_update(lambda _: self._jump_to(self._jump.value))

    @property
    def row(self) -> int:
        return self._row

    def go_to(self, row: int) -> None:
        """Show a frame, and stay there."""
        with self._lock:
            self._row = min(max(int(row), 0), len(self.recording) - 1)
            self._is_playing = False
            self._lock.notify()

    def play(self) -> None:
        """Go on from here; from the beginning where the end was reached."""
        with self._lock:
            if self._row >= len(self.recording) - 1:
                self._row = 0
            self._is_playing = True
            self._lock.notify()

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Show frames until `should_stop()`."""
        shown_row = -1
        while not should_stop():
            row = self._row
            if row != shown_row:
                self._show(row)
                shown_row = row
            with self._lock:
                if self._row != row:
                    continue
                if self._is_playing and row + 1 >= len(self.recording):
                    self._is_playing = False
                was_changed = self._lock.wait(self._pause(row) if self._is_playing else 0.2)
                if self._is_playing and not was_changed:
                    self._row = row + 1

    def _pause(self, row: int) -> float:
        stamps = self.recording.stamps_ns
        seconds = (stamps[row + 1] - stamps[row]) / 1e9 / float(self._speed.value[:-1])
        return min(max(seconds, 0.0), LONGEST_PAUSE)

    def _show(self, row: int) -> None:
        title = f"image {row + 1} of {len(self.recording)}"
        try:
            frame = replace(self.recording.frame(row), title=title)
        except InputFileError as error:
            self._view.say(str(error))
            return
        self._view.show(frame)
        if self._slider.value != row + 1:
            self._slider.value = row + 1

    def _slide(self, client) -> None:
        """By a viewer; None: it was this program that moved it."""
        if client is not None:
            self.go_to(self._slider.value - 1)

    def _press(self, button: str) -> None:
        if button == "back":
            self.go_to(self._row - 1)
        elif button == "forward":
            self.go_to(self._row + 1)
        elif self._is_playing:
            self.go_to(self._row)
        else:
            self.play()

    def _jump_to(self, person: str) -> None:
        if person.split()[-1].isdigit():
            self.go_to(self.recording.first_sight[int(person.split()[-1])])

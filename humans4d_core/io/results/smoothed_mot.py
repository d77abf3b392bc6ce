"""Tracks as they look afterwards: gaps filled, boxes smoothed in both directions of time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ...types import Frame, People, TrackState
from .mot_files import mot_line
from .whole_lines import LineFile

#: s without sight over which a box is interpolated. Longer, and a straight way is a guess.
GAP_SECONDS = 1.0
#: s, deviation of the Gaussian that boxes are smoothed with: what arms and legs do in a step goes.
SMOOTH_SECONDS = 0.2
#: Columns of a row before the box's centre x, centre y, width, height and the confidence.
_FRAME, _ID, _STATE = range(3)


class SmoothedMotWriter:
    """Keeps what was seen and writes it when it is closed; use with `with`.

    Whoever was CONFIRMED at some time is written from the first sight on. This reads ahead: it is
    for looking back, not for telling what a robot would have known.
    """

    def __init__(self, path: Path):
        self._file = LineFile(path)
        self._numbers: list[int] = []
        self._stamps: list[int] = []
        self._rows: list[np.ndarray] = []

    def write(self, frame: Frame, people: People) -> None:
        """People of a frame; frames come in order."""
        seen = people.select(people.last_seen_ns == frame.stamp_ns)
        boxes = seen.bodies.boxes_px.astype(np.float64)
        self._rows.append(
            np.column_stack((
                np.full(len(seen), len(self._numbers)), seen.track_ids, seen.states,
                (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2], seen.confidence,
            ))
        )  # fmt: skip
        self._numbers.append(frame.number)
        self._stamps.append(frame.stamp_ns)

    def close(self) -> None:
        """Write all tracks, by frame and id."""
        if self._rows:
            lines = (
                mot_line(self._numbers[int(place)], int(track_id), box, score)
                for place, track_id, *box, score in self._smoothed().tolist()
            )
            self._file.write("".join(lines))
        self._rows = []
        self._file.close()

    def __enter__(self) -> SmoothedMotWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _smoothed(self) -> np.ndarray:
        """(R, 7) place in the order of frames, id, x, y, width, height, confidence."""
        rows = np.concatenate(self._rows)
        seconds = (np.array(self._stamps) - self._stamps[0]) / 1e9
        step = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 1.0
        sigma = SMOOTH_SECONDS / max(step, 1e-3)
        parts = [np.zeros((0, 7))]
        for track_id in np.unique(rows[:, _ID]):
            track = rows[rows[:, _ID] == track_id]
            if not (track[:, _STATE] == TrackState.CONFIRMED).any():
                continue
            at = track[:, _FRAME].astype(int)
            breaks = np.flatnonzero(np.diff(seconds[at]) > GAP_SECONDS) + 1
            for piece in np.split(np.arange(len(at)), breaks):
                frames = np.arange(at[piece[0]], at[piece[-1]] + 1)
                times, known = seconds[frames], seconds[at[piece]]
                values = np.column_stack([np.interp(times, known, c) for c in track[piece, 3:].T])
                values[:, :4] = gaussian_filter1d(values[:, :4], sigma, axis=0, mode="nearest")
                corners = np.column_stack((values[:, :2] - values[:, 2:4] / 2, values[:, 2:]))
                ids = np.full(len(frames), track_id)
                parts.append(np.column_stack((frames, ids, corners)))
        all_rows = np.concatenate(parts)
        return all_rows[np.lexsort((all_rows[:, 1], all_rows[:, 0]))]

"""people.jsonl: what was seen, for programs to read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...geometry.numpy_rotations import axis_angle
from ...types import People, Posture, TrackState
from .whole_lines import LineFile


class PeopleWriter:
    """Writes people.jsonl, one JSON object a line and frame; use with `with`.

    A line: `frame` (1 = first), `stamp_ns` (of the image), `recovery` and `body_model` (who made
    the bodies, whose betas they are), `up_cam` (3 numbers, the direction against gravity; missing
    where unknown), and `people`, a list that may be empty. A person:

    - `track_id`, `person_id`: whole numbers from 1; `state`: name of a TrackState;
      `confidence`: 0..1; `last_seen_ns`: stamp of the last image that showed the person
    - `posture`: name of a Posture; `posture_probability`: 0..1
    - `box`: x_min, y_min, x_max, y_max, pixels
    - `pelvis_cam`: hip midpoint, m; `velocity_cam`: of the pelvis, m/s; `translation_cam`:
      SMPL's translation, m; `joints_cam`: 24 x 3, SMPL's joints, m; all in the camera's optical
      frame (x right, y down, z forward)
    - `betas`: 10 numbers of the body's shape; `scale`: size relative to a body of these betas:
      vertices are the body model's times this, plus `translation_cam`
    - `global_orient`: axis-angle, 3, radians, from SMPL's axes to the camera's; `body_pose`: 23 x
      3, axis-angle relative to the parent joint

    Pixels have 2 decimals, all else 4 (0.1 mm, 0.006 degrees). A number that is not finite is null.
    """

    def __init__(self, path: Path):
        self._file = LineFile(path)

    def write(
        self, frame: int, stamp_ns: int, people: People, up_cam: np.ndarray | None = None
    ) -> None:
        """frame: 1 = first. up_cam: (3,) unit vector in the camera's axes; None: unknown."""
        bodies = people.bodies
        line = {
            "frame": frame,
            "stamp_ns": int(stamp_ns),
            "recovery": bodies.recovery,
            "body_model": bodies.body_model,
            **({} if up_cam is None else {"up_cam": _rounded(np.asarray(up_cam))}),
            "people": people_rows(people) if len(people) else [],
        }
        self._file.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> PeopleWriter:
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def people_rows(people: People) -> list[dict]:
    """One of PeopleWriter's objects a person."""
    bodies = people.bodies
    columns = {
        "track_id": people.track_ids.tolist(),
        "person_id": people.person_ids.tolist(),
        "state": [TrackState(state).name for state in people.states.tolist()],
        "confidence": _rounded(people.confidence),
        "last_seen_ns": people.last_seen_ns.tolist(),
        "posture": [Posture(posture).name for posture in people.postures.tolist()],
        "posture_probability": _rounded(people.posture_probability),
        "box": _rounded(bodies.boxes_px, 2),
        "pelvis_cam": _rounded(bodies.pelvis_cam),
        "velocity_cam": _rounded(people.velocity_cam),
        "translation_cam": _rounded(bodies.translation_cam),
        "joints_cam": _rounded(bodies.joints_cam),
        "betas": _rounded(bodies.betas),
        "scale": _rounded(np.ones(len(people)) if bodies.scale is None else bodies.scale),
        "global_orient": _rounded(axis_angle(bodies.global_orient)),
        "body_pose": _rounded(axis_angle(bodies.body_pose)),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _rounded(array: np.ndarray, decimals: int = 4) -> list:
    # In float64, or 0.1 would be written as 0.10000000149. Adding 0 turns -0 into 0.
    values = np.round(array.astype(np.float64), decimals) + 0.0
    finite = np.isfinite(values)
    if finite.all():
        return values.tolist()
    texts = values.astype(object)
    texts[~finite] = None
    return texts.tolist()

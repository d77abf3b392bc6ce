"""What was recorded, frame by frame, with bodies posed again: here what `humans4d run` has left.

people.jsonl is read once for its times and ids, and a line again when it is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ..body import BodyModel, load_body
from ..errors import Humans4dError, InputFileError
from ..shown_text import shown
from ..types import Bodies, Camera, People, Posture, TrackState
from ..untrusted_files import open_regular, read_regular
from .view_frame import ViewFrame, level_pose

#: Bytes of a line: hundreds of people have less.
LONGEST_LINE = 8 << 20
MOST_FRAMES = 10_000_000
#: Of a run whose camera is not known.
ANY_CAMERA = Camera(1000.0, 1000.0, 640.0, 360.0, 1280, 720)
#: Name in people.jsonl -> shape of a person's numbers.
_SHAPES = {
    "confidence": (), "box": (4,), "velocity_cam": (3,), "translation_cam": (3,),
    "joints_cam": (24, 3), "global_orient": (3,), "body_pose": (23, 3), "posture_probability": (),
}  # fmt: skip


@dataclass
class Recording:
    """Frames that were recorded."""

    path: Path
    body: BodyModel | None  #: None: there are joints only
    stamps_ns: list[int] = field(default_factory=list)
    first_sight: dict[int, int] = field(default_factory=dict)  #: track id -> row of stamps_ns
    people: dict[int, list[int]] = field(default_factory=dict)  #: person id -> rows that name him

    def __len__(self) -> int:
        return len(self.stamps_ns)

    @property
    def faces(self) -> np.ndarray:
        """(F, 3) of the bodies' mesh."""
        return np.zeros((0, 3), np.int32) if self.body is None else np.asarray(self.body.faces)

    def frame(self, row: int, with_meshes: bool = True) -> ViewFrame:
        """One frame; without meshes nobody is posed. Raises InputFileError where it is damaged."""
        raise NotImplementedError

    def note(self, track_id: int, person_id: int) -> None:
        """Somebody is in the frame that is noted next."""
        row = len(self.stamps_ns)
        self.first_sight.setdefault(track_id, row)
        rows = self.people.setdefault(person_id, [])
        if not rows or rows[-1] != row:
            rows.append(row)


@dataclass
class RunRecording(Recording):
    """The frames of one run: `path` is its people.jsonl. Use `open_recording`."""

    camera: Camera = ANY_CAMERA
    offsets: list[int] = field(default_factory=list)

    def frame(self, row: int, with_meshes: bool = True) -> ViewFrame:
        """One frame; without meshes nobody is posed. Raises InputFileError where its line cannot be
        used."""
        with open_regular(self.path) as file:
            file.seek(self.offsets[row])
            line = _parsed(file.readline(LONGEST_LINE), self.path, row + 1)
        try:
            people = self._people(line, self.body if with_meshes else None)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputFileError(
                f"{shown(self.path)}, line {row + 1}: {shown(error)}: it is no line of people.jsonl"
            ) from None
        up = line.get("up_cam")
        world = level_pose(up if _is_vector(up) else None)
        return ViewFrame(self.stamps_ns[row], people, self.camera, world)

    def _people(self, line: dict, body: BodyModel | None) -> People:
        rows = line["people"]
        values = {
            name: np.array([row[name] for row in rows], np.float32).reshape(-1, *shape)
            for name, shape in _SHAPES.items()
        }
        betas = np.array([row["betas"] for row in rows] or np.zeros((0, 10)), np.float32)
        scale = np.array([row.get("scale", 1.0) for row in rows], np.float32)
        orient = _matrices(values["global_orient"])
        pose = _matrices(values["body_pose"])
        joints, moved = values["joints_cam"], values["translation_cam"]
        vertices = np.zeros((len(rows), 0, 3), np.float32)
        if body is not None:
            vertices = posed_vertices(body, orient, pose, betas, scale, moved)
        n, ones = len(rows), np.ones((len(rows), 24), np.float32)
        bodies = Bodies(
            values["box"], values["confidence"], orient, pose, betas, moved, vertices, joints,
            np.zeros((n, 24, 2), np.float32), ones, np.tile(np.eye(3, dtype=np.float32), (n, 1, 1)),
            str(line["recovery"]), str(line["body_model"]), scale,
        )  # fmt: skip
        ids = np.array([row["track_id"] for row in rows], np.uint32)
        return People(
            ids,
            np.array([row["person_id"] for row in rows], np.uint32),
            np.array([TrackState[row["state"]] for row in rows], np.uint8),
            np.array([row["last_seen_ns"] for row in rows], np.int64),
            values["confidence"],
            bodies,
            values["velocity_cam"],
            bodies.pelvis_covariance_cam,
            bodies.pelvis_covariance_cam,
            postures=np.array([Posture[row["posture"]] for row in rows], np.uint8),
            posture_probability=values["posture_probability"],
        )


def open_recording(folder: Path, body_file: Path | None = None) -> tuple[RunRecording, str]:
    """A run's folder, and a note on what of it cannot be shown ("": nothing).

    body_file: the body of runs whose `body_model` is not the free one's, such as SMPL's. Without
    it, those are shown as skeletons. Raises InputFileError where people.jsonl is missing or wrong.
    """
    path = folder / "people.jsonl" if folder.is_dir() else folder
    if not path.is_file():
        raise InputFileError(f"{shown(folder)} holds no people.jsonl: give the -o of humans4d run")
    recording = RunRecording(path, None, camera=_camera(path.parent / "summary.json"))
    names = set()
    with open_regular(path) as file:
        offset, number = 0, 0
        while text := file.readline(LONGEST_LINE):
            number += 1
            line = _parsed(text, path, number)
            stamp, people = line.get("stamp_ns"), line.get("people")
            if not isinstance(stamp, int) or not isinstance(people, list):
                raise InputFileError(f"{shown(path)}, line {number}: it has no stamp or no people")
            for person in people:
                ids = [person.get(f"{of}_id") for of in ("track", "person")] if isinstance(
                    person, dict) else [None]  # fmt: skip
                if all(isinstance(each, int) for each in ids):
                    recording.note(*ids)
            names.add(str(line.get("body_model")))
            recording.stamps_ns.append(stamp)
            recording.offsets.append(offset)
            offset += len(text)
            if number > MOST_FRAMES:
                raise InputFileError(f"{shown(path)} has more than {MOST_FRAMES} lines")
    if not len(recording):
        raise InputFileError(f"{shown(path)} is empty: the run made nothing")
    recording.body, note = body_of(names, body_file)
    return recording, note


def body_of(names: set[str], body_file: Path | None) -> tuple[BodyModel | None, str]:
    """The body that people were recorded with, by its names; and a note where it is not here."""
    if body_file is not None:
        return load_body(body_file), ""
    if names <= {"anny", "None", ""}:
        return load_body(), ""
    said = shown(", ".join(sorted(names)))
    return None, f"bodies of {said}: without --body, skeletons are shown"


def posed_vertices(
    body: BodyModel,
    global_orient: np.ndarray,
    body_pose: np.ndarray,
    betas: np.ndarray,
    scale: np.ndarray,
    translation: np.ndarray,
) -> np.ndarray:
    """Vertices (N, V, 3) m of recorded bodies; what is not finite is left at rest."""
    posed = body(*map(np.nan_to_num, (global_orient, body_pose, betas))).vertices
    return posed * scale[:, None, None] + translation[:, None]


def _parsed(text: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        reason = "is longer than any such line" if len(text) == LONGEST_LINE else "is no JSON"
        raise InputFileError(
            f"{shown(path)}, line {number} {reason}: give a people.jsonl"
        ) from None
    if not isinstance(line, dict):
        raise InputFileError(f"{shown(path)}, line {number} is no JSON object")
    return line


def _camera(path: Path) -> Camera:
    """The run's, as far as its summary tells."""
    try:
        told = json.loads(read_regular(path, 1 << 20))["camera"]
        fx, fy, cx, cy = (float(told[name]) for name in ("fx", "fy", "cx", "cy"))
        return Camera(fx, fy, cx, cy, int(told["width"]), int(told["height"]))
    except (Humans4dError, ValueError, KeyError, TypeError, RecursionError):
        return ANY_CAMERA


def _matrices(axis_angle: np.ndarray) -> np.ndarray:
    """(*, 3) radians -> (*, 3, 3); what is not finite is unturned."""
    flat = np.nan_to_num(axis_angle.reshape(-1, 3), posinf=0, neginf=0)
    matrices = Rotation.from_rotvec(flat).as_matrix() if len(flat) else np.zeros((0, 3, 3))
    return matrices.reshape(*axis_angle.shape[:-1], 3, 3).astype(np.float32)


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, int | float) for v in value)
    )

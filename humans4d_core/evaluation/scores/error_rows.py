"""errors.parquet: each true person at each image, who was published for them, and how far off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...batch import Batch, joined
from ...types import TrackState
from ..ground_positions import mahalanobis
from ..results.tables import Columns, TableWriter, read_columns
from .bands import touches_border
from .scene import NOBODY, Scene
from .true_motion import true_velocities

COLUMNS: Columns = {
    "clip": (str, ()),
    "frame": (np.int32, ()),
    "stamp_ns": (np.int64, ()),
    "person": (np.int64, ()),  #: of the truth
    "track_id": (np.int64, ()),  #: who was published for the person; -1: nobody
    "is_seen": (np.bool_, ()),  #: published as seen (CONFIRMED); otherwise predicted
    "distance": (np.float32, ()),  #: of the truth from the camera, on the ground, m; NaN: unknown
    "hidden": (np.float32, ()),  #: share of the person; NaN: unknown
    "at_border": (np.bool_, ()),
    "forward_error": (np.float32, ()),  #: m, published minus true, away from the camera
    "right_error": (np.float32, ()),  #: m, to the camera's right
    "velocity_error": (np.float32, ()),  #: m/s
    "mahalanobis": (np.float32, ()),  #: squared, of the place on the ground, 2 degrees of freedom
}


@dataclass(frozen=True)
class ErrorRows(Batch):
    """R rows of errors.parquet."""

    clip: np.ndarray  #: (R,) str
    frame: np.ndarray
    stamp_ns: np.ndarray
    person: np.ndarray
    track_id: np.ndarray
    is_seen: np.ndarray
    distance: np.ndarray
    hidden: np.ndarray
    at_border: np.ndarray
    forward_error: np.ndarray
    right_error: np.ndarray
    velocity_error: np.ndarray
    mahalanobis: np.ndarray

    @property
    def position_error(self) -> np.ndarray:
        """(R,) m on the ground; NaN where nobody was published."""
        return np.asarray(np.hypot(self.forward_error, self.right_error))

    @property
    def is_found(self) -> np.ndarray:
        """(R,) bool."""
        return np.asarray(self.track_id != NOBODY)

    @property
    def groups(self) -> np.ndarray:
        """(R,) a number for each person of each clip."""
        return numbered(self.clip, self.person)


def numbered(*columns: np.ndarray) -> np.ndarray:
    """(R,) a whole number for each combination of the columns' values."""
    result = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, number = np.unique(column, return_inverse=True)
        number = number.reshape(-1)
        result = result * (number.max(initial=0) + 1) + number
    return result


def error_rows(scene: Scene, by_place: bool) -> ErrorRows:
    """Every true row that counts. by_place: people are matched within 2 m and not by boxes.

    Who is present counts: seen, or predicted.
    """
    return scene.once(("errors", by_place), lambda: _error_rows(scene, by_place))


def _error_rows(scene: Scene, by_place: bool) -> ErrorRows:
    truth, images = scene.truth.rows, scene.images
    present = scene.without_joints.in_states(TrackState.CONFIRMED, TrackState.OCCLUDED)
    # Who is seen is preferred where both are there.
    matched = np.full(len(truth), NOBODY)
    for state in (TrackState.OCCLUDED, TrackState.CONFIRMED):
        rows = np.flatnonzero(present.state == state)
        of_truth = scene.matched(present.select(rows), by_place, 1e-9 if by_place else 0.5)
        shown = of_truth != NOBODY
        matched[of_truth[shown]] = rows[shown]
    kept = np.flatnonzero(truth.counts)
    truth, row = truth.select(kept), matched[kept]
    found = row != NOBODY
    image = scene.image_rows(truth.frame)
    planes = scene.planes[image]
    place = np.einsum("rij,rj->ri", planes, truth.place_cam)
    error = np.full((len(truth), 2), np.nan)
    square = np.full(len(truth), np.nan)
    people, plane = present.select(row[found]), planes[found]
    error[found] = np.einsum("rij,rj->ri", plane, people.pelvis_cam) - place[found]
    covariance = plane @ people.position_covariance_cam @ plane.transpose(0, 2, 1)
    told = np.isfinite(error[found]).all(1) & (np.linalg.det(covariance) > 0)
    where = np.flatnonzero(found)[told]
    square[where] = mahalanobis(error[where], covariance[told])
    velocity_error = np.full(len(truth), np.nan)
    velocity = true_velocities(truth, images)
    wrong = people.velocity_cam - velocity[found]
    velocity_error[found] = np.linalg.norm(np.einsum("rij,rj->ri", plane, wrong), axis=1)
    track_id = np.full(len(truth), NOBODY, np.int64)
    track_id[found] = people.track_id
    is_seen = np.zeros(len(truth), bool)
    is_seen[found] = people.state == TrackState.CONFIRMED
    return ErrorRows(
        np.full(len(truth), scene.name, object), truth.frame, images.stamp_ns[image],
        truth.person, track_id, is_seen, np.linalg.norm(place, axis=1), truth.hidden,
        touches_border(truth.box, images.size[image]), error[:, 0], error[:, 1],
        velocity_error, square,
    )  # fmt: skip


def write_errors(path: Path, parts: list[ErrorRows]) -> None:
    """errors.parquet."""
    with TableWriter(path, COLUMNS) as table:
        for part in parts:
            table.write({name: getattr(part, name) for name in COLUMNS})


def read_errors(path: Path) -> ErrorRows:
    """errors.parquet. Raises InputFileError where it is none."""
    return ErrorRows(**read_columns(path, COLUMNS))


def join_errors(parts: list[ErrorRows]) -> ErrorRows:
    """All rows; one part or more."""
    return joined(parts)

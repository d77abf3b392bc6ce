"""tracks.parquet: one row a person and image, everything that was published of the person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...batch import Batch
from ...geometry.numpy_rotations import axis_angle
from ...types import Forecast, People, Posture, TrackState
from .tables import Columns, TableWriter, read_columns

#: Seconds ahead for which an evaluation asks where people will be.
FORECAST_SECONDS = (0.5, 1.0, 2.0)
_HORIZONS = len(FORECAST_SECONDS)

#: Metres, seconds, radians and pixels; `_cam`: in the camera's optical frame at the image's stamp.
COLUMNS: Columns = {
    "frame": (np.int32, ()),  #: place in the input, 1 = first
    "stamp_ns": (np.int64, ()),
    "track_id": (np.uint32, ()),
    "person_id": (np.uint32, ()),
    "state": (str, ()),  #: name of a TrackState
    "confidence": (np.float32, ()),
    "last_seen_ns": (np.int64, ()),
    "last_recovered_ns": (np.int64, ()),
    "posture": (str, ()),  #: name of a Posture
    "posture_probability": (np.float32, ()),
    "box": (np.float32, (4,)),  #: x_min, y_min, x_max, y_max
    "pelvis_cam": (np.float32, (3,)),  #: hip midpoint
    "position_covariance_cam": (np.float32, (3, 3)),
    "velocity_cam": (np.float32, (3,)),
    "velocity_covariance_cam": (np.float32, (3, 3)),
    "joints_cam": (np.float32, (24, 3)),  #: SMPL's
    "joint_confidence": (np.float32, (24,)),
    "image_error": (np.float32, ()),  #: m, of the body to the landmarks in the image; NaN: unknown
    "translation_cam": (np.float32, (3,)),
    "global_orient": (np.float32, (3,)),  #: axis-angle
    "body_pose": (np.float32, (23, 3)),  #: axis-angle, relative to the parent joint
    "betas": (np.float32, (10,)),
    "scale": (np.float32, ()),
    "forecast_cam": (np.float32, (_HORIZONS, 3)),  #: pelvis after FORECAST_SECONDS; NaN: none
    "forecast_covariance_cam": (np.float32, (_HORIZONS, 3, 3)),
}


@dataclass(frozen=True)
class PeopleRows(Batch):
    """R rows of tracks.parquet, what scoring needs of them."""

    frame: np.ndarray  #: (R,) int32
    stamp_ns: np.ndarray  #: (R,) int64
    track_id: np.ndarray  #: (R,) int64
    state: np.ndarray  #: (R,) uint8, TrackState
    box: np.ndarray  #: (R, 4)
    pelvis_cam: np.ndarray  #: (R, 3) m
    position_covariance_cam: np.ndarray  #: (R, 3, 3) m^2
    velocity_cam: np.ndarray  #: (R, 3) m/s
    joints_cam: np.ndarray  #: (R, 24, 3) m
    joint_confidence: np.ndarray  #: (R, 24)
    image_error: np.ndarray  #: (R,) m, of the body to its landmarks in the image; NaN: unknown
    forecast_cam: np.ndarray  #: (R, 3, 3) m, after FORECAST_SECONDS
    forecast_covariance_cam: np.ndarray  #: (R, 3, 3, 3) m^2

    def in_states(self, *states: TrackState) -> PeopleRows:
        """The rows of people in one of these states."""
        return self.select(np.isin(self.state, states))


@dataclass(frozen=True)
class BodyRows(Batch):
    """R rows of tracks.parquet, what poses the bodies."""

    frame: np.ndarray  #: (R,) int32
    track_id: np.ndarray  #: (R,) int64
    global_orient: np.ndarray  #: (R, 3) axis-angle, in the camera's optical frame
    body_pose: np.ndarray  #: (R, 23, 3) axis-angle, relative to the parent joint
    betas: np.ndarray  #: (R, 10)
    scale: np.ndarray  #: (R,)


class PeopleTableWriter:
    """Writes tracks.parquet image by image; use with `with`."""

    def __init__(self, path: Path):
        self._table = TableWriter(path, COLUMNS)

    def write(self, frame: int, stamp_ns: int, people: People, forecast: Forecast | None) -> None:
        """forecast: of the first people, after FORECAST_SECONDS."""
        count, bodies = len(people), people.bodies
        if not count:
            return
        ahead = np.full((count, _HORIZONS, 3), np.nan, np.float32)
        ahead_covariance = np.full((count, _HORIZONS, 3, 3), np.nan, np.float32)
        if forecast is not None and len(forecast) <= count:
            ahead[: len(forecast)] = forecast.positions_cam
            ahead_covariance[: len(forecast)] = forecast.covariances_cam
        betas = np.zeros((count, 10), np.float32)
        known = min(10, bodies.betas.shape[1])
        betas[:, :known] = bodies.betas[:, :known]
        self._table.write({
            "frame": np.full(count, frame), "stamp_ns": np.full(count, stamp_ns),
            "track_id": people.track_ids, "person_id": people.person_ids,
            "state": np.array([TrackState(state).name for state in people.states.tolist()]),
            "confidence": people.confidence, "last_seen_ns": people.last_seen_ns,
            "last_recovered_ns": people.last_recovered_ns,
            "posture": np.array([Posture(posture).name for posture in people.postures.tolist()]),
            "posture_probability": people.posture_probability,
            "box": bodies.boxes_px, "pelvis_cam": bodies.pelvis_cam,
            "position_covariance_cam": people.position_covariance_cam,
            "velocity_cam": people.velocity_cam,
            "velocity_covariance_cam": people.velocity_covariance_cam,
            "joints_cam": bodies.joints_cam, "joint_confidence": bodies.joint_confidence,
            "image_error": np.where(bodies.image_error < 0, np.nan, bodies.image_error),
            "translation_cam": bodies.translation_cam,
            "global_orient": axis_angle(bodies.global_orient),
            "body_pose": axis_angle(bodies.body_pose),
            "betas": betas,
            "scale": np.ones(count) if bodies.scale is None else bodies.scale,
            "forecast_cam": ahead, "forecast_covariance_cam": ahead_covariance,
        })  # fmt: skip

    def __enter__(self) -> PeopleTableWriter:
        self._table.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self._table.__exit__(*exception)


def read_people(path: Path) -> PeopleRows:
    """tracks.parquet, in the order of its images. Raises InputFileError where it is none."""
    values = _columns(path, PeopleRows.__dataclass_fields__)
    states = {state.name: state.value for state in TrackState}
    values["state"] = np.array([states.get(s, 0) for s in values["state"]], np.uint8)
    values["track_id"] = values["track_id"].astype(np.int64)
    return PeopleRows(**values)


def read_bodies(path: Path) -> BodyRows:
    """tracks.parquet, in the order of its images. Raises InputFileError where it is none."""
    values = _columns(path, BodyRows.__dataclass_fields__)
    values["track_id"] = values["track_id"].astype(np.int64)
    return BodyRows(**values)


def _columns(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    return read_columns(path, {name: COLUMNS[name] for name in names})

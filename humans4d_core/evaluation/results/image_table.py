"""images.parquet: one row an image that was read, whether it shows people or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...batch import Batch
from ...types import Camera, Frame, Pose
from .tables import Columns, TableWriter, read_columns

COLUMNS: Columns = {
    "frame": (np.int32, ()),  #: place in the input, 1 = first
    "stamp_ns": (np.int64, ()),
    "size": (np.int32, (2,)),  #: width, height, px
    "intrinsics": (np.float64, (4,)),  #: fx, fy, cx, cy, px
    "distortion": (np.float64, (8,)),  #: the camera's coefficients, filled up with 0
    "distortion_model": (str, ()),
    "up_cam": (np.float64, (3,)),  #: against gravity, in the camera's axes; NaN: nobody knows
    "fixed_from_camera": (np.float64, (3, 4)),  #: rotation and translation (m); NaN: unknown
    "ground_from_camera": (np.float64, (3, 4)),
    "source": (str, ()),  #: name of the image's file, of folders of images
    "is_late": (np.bool_, ()),  #: not later than the one before it: it was left out
    "boxes_without_body": (np.int32, ()),
    "boxes_left_out": (np.int32, ()),
}


@dataclass(frozen=True)
class ImageRows(Batch):
    """F rows of images.parquet, in their order."""

    frame: np.ndarray  #: (F,) int32
    stamp_ns: np.ndarray  #: (F,) int64
    size: np.ndarray  #: (F, 2)
    intrinsics: np.ndarray  #: (F, 4)
    distortion: np.ndarray  #: (F, 8)
    distortion_model: np.ndarray  #: (F,) str
    up_cam: np.ndarray  #: (F, 3)
    fixed_from_camera: np.ndarray  #: (F, 3, 4)
    source: np.ndarray  #: (F,) str, names of files, of folders of images

    def camera(self, row: int) -> Camera:
        """Of one image."""
        fx, fy, cx, cy = self.intrinsics[row].tolist()
        width, height = self.size[row].tolist()
        model = str(self.distortion_model[row])
        distortion = tuple(self.distortion[row].tolist()) if self.distortion[row].any() else ()
        if model == "plumb_bob":
            distortion = distortion[:5]
        elif model == "equidistant":
            distortion = distortion[:4]
        return Camera(fx, fy, cx, cy, width, height, distortion, model)

    @property
    def up_or_level(self) -> np.ndarray:
        """(F, 3) `up_cam`, and that of a level camera where nobody knows it."""
        return np.where(np.isfinite(self.up_cam), self.up_cam, (0.0, -1.0, 0.0))

    @property
    def seconds(self) -> float:
        """From the first to the last image and the last one's own share, s."""
        if len(self) < 2:
            return 0.0
        span = (int(self.stamp_ns[-1]) - int(self.stamp_ns[0])) * 1e-9
        return span * len(self) / (len(self) - 1)


class ImageTableWriter:
    """Writes images.parquet; use with `with`."""

    def __init__(self, path: Path):
        self._table = TableWriter(path, COLUMNS)

    def write(
        self,
        frame: Frame,
        up_cam: np.ndarray | None,
        is_late: bool,
        boxes_without_body: int = 0,
        boxes_left_out: int = 0,
        source: str = "",
    ) -> None:
        """What is known of a frame's moment."""
        camera = frame.camera
        distortion = np.zeros(8)
        distortion[: len(camera.distortion)] = camera.distortion[:8]
        values = {
            "frame": frame.number,
            "stamp_ns": frame.stamp_ns,
            "size": (camera.width, camera.height),
            "intrinsics": (camera.fx, camera.fy, camera.cx, camera.cy),
            "distortion": distortion,
            "distortion_model": camera.distortion_model,
            "up_cam": np.full(3, np.nan) if up_cam is None else up_cam,
            "fixed_from_camera": _matrix(frame.fixed_from_camera),
            "ground_from_camera": _matrix(frame.ground_from_camera),
            "source": source,
            "is_late": is_late,
            "boxes_without_body": boxes_without_body,
            "boxes_left_out": boxes_left_out,
        }
        self._table.write({name: np.array([value]) for name, value in values.items()})

    def __enter__(self) -> ImageTableWriter:
        self._table.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self._table.__exit__(*exception)


def read_images(path: Path) -> ImageRows:
    """images.parquet. Raises InputFileError where it is none."""
    names = ImageRows.__dataclass_fields__
    return ImageRows(**read_columns(path, {name: COLUMNS[name] for name in names}))


def _matrix(pose: Pose | None) -> np.ndarray:
    if pose is None:
        return np.full((3, 4), np.nan)
    return np.column_stack((pose.rotation, pose.translation))

"""What is true of one clip's people, at its images."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...batch import Batch, joined
from ...types import JOINT_NAMES
from ..results.image_table import ImageRows

#: Joints whose middle is the pelvis of this package.
HIPS = [JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")]
#: Share of its height by which a box is larger than the joints in it, on each side.
MARGIN = 0.1
#: Bodies that SMPL has.
GENDERS = ("neutral", "male", "female")


@dataclass(frozen=True)
class TruthRows(Batch):
    """R rows: one person at one image."""

    frame: np.ndarray  #: (R,) int64, number of the image, 1 = first
    person: np.ndarray  #: (R,) int64
    counts: np.ndarray  #: (R,) bool; False: to find it is neither right nor wrong
    box: np.ndarray  #: (R, 4) x_min, y_min, x_max, y_max, px; NaN: unknown
    #: (R, 3) m in the camera's optical frame, of the pelvis or of a point under it, since only its
    #: place on the ground counts; NaN: unknown
    place_cam: np.ndarray
    #: (R,) share of the person that is hidden, 0..1; NaN: unknown
    hidden: np.ndarray
    #: (R, 24, 3) m in the camera's optical frame, SMPL's joints, NaN: unknown; or (R, 0, 3): none
    joints_cam: np.ndarray
    #: (R, 24, 3, 3) SMPL's rotations, each relative to its parent, the first in the camera's
    #: optical frame; or (R, 0, 3, 3): unknown
    rotations: np.ndarray
    betas: np.ndarray  #: (R, 10) of SMPL; or (R, 0): unknown
    gender: np.ndarray  #: (R,) place in GENDERS, of the body model that `betas` are of

    @classmethod
    def of(cls, frame, person, **known) -> TruthRows:
        """Rows of which not everything is known."""
        count = len(frame)
        columns = {
            "counts": np.ones(count, bool),
            "box": np.full((count, 4), np.nan),
            "place_cam": np.full((count, 3), np.nan),
            "hidden": np.full(count, np.nan),
            "joints_cam": np.zeros((count, 0, 3), np.float32),
            "rotations": np.zeros((count, 0, 3, 3), np.float32),
            "betas": np.zeros((count, 0), np.float32),
            "gender": np.zeros(count, np.uint8),
        }
        columns.update(known)
        return cls(np.asarray(frame, np.int64), np.asarray(person, np.int64), **columns)

    @classmethod
    def join(cls, parts: list[TruthRows]) -> TruthRows:
        """All rows; nobody of no parts."""
        return joined(parts) if parts else cls.of(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Truth:
    """Of one clip, at those of its images that the truth is of."""

    rows: TruthRows
    frames: np.ndarray  #: (F,) int64, images at which everybody who is there has a row
    #: (3,) direction against gravity in the axes of a camera that keeps it; None: unknown.
    up_cam: np.ndarray | None = None
    unmatched: int = 0  #: entries of the truth that belong to no image
    notes: tuple[str, ...] = field(default=())  #: what was assumed, for the user

    @classmethod
    def numbered(cls, rows: TruthRows, count: int, images: ImageRows) -> Truth:
        """Of a truth that knows the clip's images 1 to `count`; the clip may have fewer."""
        known = np.isin(rows.frame, images.frame)
        frames = np.intersect1d(images.frame, np.arange(1, count + 1)).astype(np.int64)
        return cls(rows.select(known), frames, None, int((~known).sum()))

    @property
    def has_boxes(self) -> bool:
        return bool(np.isfinite(self.rows.box[self.rows.counts]).any())

    @property
    def has_places(self) -> bool:
        return bool(np.isfinite(self.rows.place_cam[self.rows.counts]).any())

    @property
    def has_joints(self) -> bool:
        return bool(np.isfinite(self.rows.joints_cam[self.rows.counts]).any())

    @property
    def has_rotations(self) -> bool:
        return self.rows.rotations.shape[1] > 0

    def with_notes(self, *notes: str) -> Truth:
        """With more of them."""
        return replace(self, notes=(*self.notes, *notes))


def boxes_of_joints(pixels: np.ndarray) -> np.ndarray:
    """Boxes (R, 4) px around joints (R, K, 2), a little larger; NaN where no joint is known."""
    known = np.isfinite(pixels)
    low = np.where(known, pixels, np.inf).min(1)
    high = np.where(known, pixels, -np.inf).max(1)
    margin = MARGIN * (high - low)[:, 1:]
    boxes = np.hstack((low - margin, high + margin))
    return np.where(np.isfinite(boxes), boxes, np.nan)

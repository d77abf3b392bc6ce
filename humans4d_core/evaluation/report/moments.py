"""The worst moments of an evaluation, each with its picture."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ...drawing.colors import id_color
from ...errors import Humans4dError
from ...geometry import project
from ...io import CameraChoice, open_source
from ...types import BONES, TrackState
from ..comparison import NOBODY_COSTS, largest_apart
from ..results.evaluation_folder import Clip
from ..scores.error_rows import ErrorRows
from ..scores.scoring import ScoredClip

MOST = 10
#: px of a picture in the page, and its JPEG quality.
WIDTH, QUALITY = 720, 80
_TRUE = (60, 200, 60)


@dataclass(frozen=True)
class Moment:
    """One person at one image for whom it went badly."""

    number: int  #: 1 = worst
    clip: str
    frame: int
    stamp_ns: int
    person: int
    track_id: int  #: -1: nobody was published
    error: float | None  #: m on the ground
    picture: str = ""  #: JPEG as base64; "": the image could not be read again

    @property
    def text(self) -> str:
        """What went wrong."""
        if self.track_id < 0:
            return f"person {self.person} is shown by nobody"
        if self.error is None:
            return f"person {self.person}, id {self.track_id}"
        return f"person {self.person}, id {self.track_id}: {self.error:.2f} m off"


def worst_moments(errors: ErrorRows) -> list[Moment]:
    """People farthest from where they are, or missing in sight, at moments apart."""
    # Who is missed where a person is hidden, or at the border, is no surprise.
    missed = ~errors.is_found & ~(errors.hidden >= 0.3) & ~errors.at_border
    position = np.nan_to_num(errors.position_error, nan=0.0)
    costs = np.where(missed, NOBODY_COSTS, np.where(errors.is_found, position, 0.0))
    return [
        Moment(
            number, str(errors.clip[row]), int(errors.frame[row]), int(errors.stamp_ns[row]),
            int(errors.person[row]), int(errors.track_id[row]),
            float(errors.position_error[row]) if np.isfinite(errors.position_error[row]) else None,
        )
        for number, row in enumerate(largest_apart(costs, errors, MOST), start=1)
    ]  # fmt: skip


def with_pictures(
    moments: Sequence[Moment],
    clips: Mapping[str, ScoredClip],
    inputs: Mapping[str, Clip],
    topic: str | None,
) -> tuple[list[Moment], list[str]]:
    """The same with pictures, and notes of what could not be read again."""
    pictures: dict[int, str] = {}
    notes = []
    for name in dict.fromkeys(moment.clip for moment in moments):
        wanted = {m.frame: m for m in moments if m.clip == name}
        try:
            for frame, image in _images(inputs[name], topic, set(wanted)):
                moment = wanted[frame]
                pictures[moment.number] = _picture(image, moment, clips[name])
        except Humans4dError as error:
            notes.append(f"{name}: no pictures of its worst moments: {error}")
    return [replace(m, picture=pictures.get(m.number, "")) for m in moments], notes


def _images(clip: Clip, topic: str | None, frames: set[int]):
    # Pixels alone are wanted: whichever camera it is.
    camera = CameraChoice(fov_degrees=60.0)
    with open_source(Path(clip.input), camera, clip.frame_rate, topic) as source:
        for frame in source:
            if frame.number in frames:
                yield frame.number, frame.image_bgr
            if frame.number >= max(frames):
                return


def _picture(image_bgr: np.ndarray, moment: Moment, clip: ScoredClip) -> str:
    height, width = image_bgr.shape[:2]
    scale = min(1.0, WIDTH / width)
    size = (round(width * scale), round(height * scale))
    image = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    row = int(np.searchsorted(clip.images.frame, moment.frame))
    camera = clip.images.camera(row)
    people = clip.people.select(clip.people.frame == moment.frame)
    for k in range(len(people)):
        if people.state[k] in (TrackState.LOST, TrackState.TENTATIVE):
            continue
        color = tuple(int(v) for v in id_color(int(people.track_id[k])))
        thick = 2 if people.state[k] == TrackState.CONFIRMED else 1
        _box(image, scale * people.box[k], color, thick, str(people.track_id[k]))
        joints = people.joints_cam[k].astype(np.float64)
        if people.joint_confidence[k].any() and (joints[:, 2] > 0.1).all():
            pixels = scale * project(joints, camera)
            lines = np.round(pixels[BONES]).clip(-9999, 9999).astype(np.int32)
            cv2.polylines(image, list(lines), False, color, 1, cv2.LINE_AA)
    if clip.scene is not None:
        rows = clip.scene.truth.rows
        rows = rows.select((rows.frame == moment.frame) & rows.counts)
        for k in range(len(rows)):
            if np.isfinite(rows.box[k]).all():
                is_it = rows.person[k] == moment.person
                _box(image, scale * rows.box[k], _TRUE, 3 if is_it else 1,
                     "true" if is_it else "")  # fmt: skip
    _, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    return b64encode(data.tobytes()).decode("ascii")


def _box(image: np.ndarray, box: np.ndarray, color, thick: int, text: str) -> None:
    if not np.isfinite(box).all():
        return
    left, top, right, bottom = (int(v) for v in np.round(box).clip(-9999, 9999))
    cv2.rectangle(image, (left, top), (right, bottom), color, thick)
    if text:
        at = (left, max(top - 4, 10))
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, 1, cv2.LINE_AA)

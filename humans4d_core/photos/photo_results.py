"""What becomes of one photograph, as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..drawing import draw_overlay, private_image
from ..io.results.people_file import people_rows
from ..types import Frame, People
from .mesh_files import WRITERS
from .photo_views import FROM_ABOVE, FROM_THE_SIDE, view

#: Of people.jsonl, what a photograph has not.
_OF_TRACKS = ("person_id", "state", "last_seen_ns", "velocity_cam")


@dataclass(frozen=True)
class PhotoResult:
    """One photograph, for the page."""

    name: str  #: of the image file
    stem: str  #: of its results
    people: list[dict]  #: as in the json


def write_photo(
    folder: Path,
    stem: str,
    name: str,
    frame: Frame,
    people: People,
    faces: np.ndarray,
    camera_origin: str,
    meshes: str = "",
    privacy: str = "none",
) -> PhotoResult:
    """STEM_overlay.jpg, STEM_side.png, STEM_above.png, STEM.json, STEM.npz and, where
    `meshes` names a format of mesh_files, STEM.obj or STEM.glb of the image called `name`.
    privacy: one of config.privacy.PRIVACY.

    Raises OSError where they cannot be written.
    """
    image = private_image(frame.image_bgr, people, privacy)
    overlay = draw_overlay(image, people, faces, frame.camera)
    _write_picture(folder / f"{stem}_overlay.jpg", overlay)
    _write_picture(folder / f"{stem}_side.png", view(people, faces, FROM_THE_SIDE))
    _write_picture(folder / f"{stem}_above.png", view(people, faces, FROM_ABOVE))
    rows = people_rows(people)
    for row in rows:
        row["number"] = row.pop("track_id")
        for key in _OF_TRACKS:
            del row[key]
    bodies, camera = people.bodies, frame.camera
    content = {
        "image": name, "width": camera.width, "height": camera.height,
        "camera": {"fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy,
                   "distortion": list(camera.distortion), "origin": camera_origin},
        "recovery": bodies.recovery, "body_model": bodies.body_model, "people": rows,
    }  # fmt: skip
    (folder / f"{stem}.json").write_text(json.dumps(content, indent=1, allow_nan=False))
    np.savez_compressed(
        folder / f"{stem}.npz",
        boxes_px=bodies.boxes_px, scores=bodies.scores, global_orient=bodies.global_orient,
        body_pose=bodies.body_pose, betas=bodies.betas, translation_cam=bodies.translation_cam,
        joints_cam=bodies.joints_cam, joints_px=bodies.joints_px,
        joint_confidence=bodies.joint_confidence, vertices_cam=bodies.vertices_cam, faces=faces,
    )  # fmt: skip
    if meshes:
        WRITERS[meshes](folder / f"{stem}.{meshes}", bodies.vertices_cam, faces)
    return PhotoResult(name, stem, rows)


def _write_picture(path: Path, image: np.ndarray) -> None:
    # OpenCV itself takes no names that are not UTF-8, and does not say why it wrote nothing.
    encoded = cv2.imencode(path.suffix, image)[1]
    path.write_bytes(encoded.tobytes())

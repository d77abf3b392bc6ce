"""Crops of the free body in captured poses, dressed and before a background, with exact truth."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ...body import EMBEDDED_BODY, BodyModel, read_body_file
from ...geometry import project
from ...recovery.crops.person_crops import box_squares, square_patch
from ...types import Camera
from ..people.captured_poses import CapturedPoses
from ..people.dressed_renders import Picture, Wardrobe
from ..people.posed_people import Posed, PosedPeople, camera_around
from .samples import Sample


class SyntheticPeople:
    """An endless row of them; equal seeds give equal people. One thread."""

    def __init__(self, poses: CapturedPoses, seed: int, is_training: bool = True):
        """poses: of those that may be used; is_training: more variety than was captured."""
        data = read_body_file(EMBEDDED_BODY, name="anny")
        body = BodyModel(data)
        self._rng = np.random.default_rng(seed)
        self._people = PosedPeople(body, poses, self._rng, is_training)
        self._wardrobe = Wardrobe(data, body.at_rest()[1])

    def __iter__(self) -> Iterator[Sample]:
        while True:
            people = self._people.some()
            for k in range(len(people.local)):
                vertices = people.vertices[k]
                camera = camera_around(vertices, people.distances[k], self._rng)
                if camera is None:
                    continue
                picture = self._wardrobe.picture(vertices.astype(np.float32), camera, self._rng)
                if picture is not None:
                    yield sample_of(people, k, camera, picture)


def sample_of(people: Posed, k: int, camera: Camera, picture: Picture) -> Sample:
    """Person `k` as the crop of the picture's box shows him."""
    (center,), (side,) = box_squares(picture.box_px[None])
    crop = np.clip(square_patch(picture.image_bgr, center, side), 0, 255).astype(np.uint8)
    mask = square_patch(cv2.merge([picture.mask.astype(np.uint8) * 255] * 3), center, side)[..., 0]
    pixels = project(people.joints[k], camera)
    ones = np.ones((len(pixels), 1))
    return Sample(
        crop,
        np.where(mask > 127, 255, 0).astype(np.uint8),
        people.local[k, 0].astype(np.float32),
        people.local[k, 1:].astype(np.float32),
        people.betas[k].astype(np.float32),
        np.hstack((people.joints[k], ones)).astype(np.float32),
        np.hstack(((pixels - center) / side, ones)).astype(np.float32),
        np.ones(3, np.float32),
    )

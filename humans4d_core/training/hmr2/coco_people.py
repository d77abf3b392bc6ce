"""People of COCO's keypoint annotations: where joints are in the image, and nothing more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ImageError, InputFileError
from ...io.images.deep_images import DeepImages
from ...io.images.image_folder import read_image
from ...recovery.crops.person_crops import box_squares
from ...shown_text import shown
from ...untrusted_files.regular_files import read_regular
from .augmentation import Augmentation, augmented_crop, keypoints_in_crop
from .samples import MIRRORED_KEYPOINTS, Sample

#: Rows of COCO's 17 keypoints among HMR 2.0's 44: nose, eyes, ears, shoulders, elbows, wrists,
#: hips, knees, ankles, left before right.
ROWS = (0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11)
#: Keypoints that somebody needs to be learned from, and bytes of a file, at most.
FEWEST_KEYPOINTS = 5
LARGEST_FILE = 1_000_000_000


class CocoPeople:
    """Everybody in an annotation file who has a box and enough keypoints."""

    def __init__(self, path: Path, images: Path):
        """images: the folder that holds the files that the annotations name. Raises InputFileError
        where the file is none of COCO's, or holds nobody."""
        self.path, self._images = path, images
        self.problems: list[str] = []
        self._people: list[tuple[str, np.ndarray, np.ndarray]] = []
        try:
            content = json.loads(read_regular(path, LARGEST_FILE))
            names = {int(each["id"]): str(each["file_name"]) for each in content["images"]}
            annotations = content["annotations"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputFileError(
                f"{shown(path)} is no annotation file of COCO: {shown(error)}"
            ) from None
        for number, each in enumerate(annotations):
            try:
                self._add(each, names)
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                self.problems.append(f"{shown(path)}, annotation {number}: {shown(error)}")
        if not self._people:
            raise InputFileError(f"{shown(path)} holds nobody with {FEWEST_KEYPOINTS} keypoints")

    def _add(self, annotation: Any, names: dict[int, str]) -> None:
        if annotation.get("iscrowd") or "keypoints" not in annotation:
            return
        keypoints = np.array(annotation["keypoints"], np.float32).reshape(17, 3)
        x, y, width, height = map(float, annotation["bbox"])
        box = np.array((x, y, x + width, y + height))
        if not np.isfinite(keypoints).all() or not np.isfinite(box).all():
            raise ValueError("a number is not finite")
        keypoints[:, 2] = keypoints[:, 2] > 0
        if keypoints[:, 2].sum() < FEWEST_KEYPOINTS or min(width, height) < 1:
            return
        name = names[int(annotation["image_id"])]
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"image {name} is outside of the folder")
        self._people.append((name, box, keypoints))

    def __len__(self) -> int:
        return len(self._people)

    def sample(self, number: int, rng: np.random.Generator | None, flip: bool) -> Sample:
        """rng: of the crop's place, size and turn; None: they are a detector's. Raises
        InputFileError where the image cannot be read."""
        name, box, annotated = self._people[number]
        try:
            image = read_image(self._images / name, DeepImages())
        except ImageError as error:
            raise InputFileError(f"{shown(self._images / name)}: {error}") from None
        (center,), (side,) = box_squares(box[None])
        change = Augmentation(flip=flip) if rng is None else Augmentation.drawn(rng, flip)
        crop, to_crop = augmented_crop(image, center, float(side), change)
        keypoints = np.zeros((44, 3), np.float32)
        keypoints[list(ROWS)] = annotated
        keypoints = keypoints_in_crop(keypoints, to_crop, image.shape[1] if flip else None)
        if flip:
            keypoints = keypoints[list(MIRRORED_KEYPOINTS[44])]
        return Sample(
            crop, np.zeros(crop.shape[:2], np.uint8), np.eye(3, dtype=np.float32),
            np.tile(np.eye(3, dtype=np.float32), (23, 1, 1)), np.zeros(10, np.float32),
            np.zeros((44, 4), np.float32), keypoints, np.zeros(3, np.float32),
        )  # fmt: skip

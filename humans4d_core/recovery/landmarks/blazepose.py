"""BlazePose's landmark network on regions of interest around given boxes.

Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking" (2020). The network wants an
upright person whose hips are in the middle of the region; it also says where such a region would
have been, so a region that was far off is read again. Who is not seen then is looked for in
other regions: see `second_look`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...batch import Batch, joined
from ...onnx_session import open_session
from .regions import CROP, Regions, turn_size
from .second_look import (
    FINALISTS,
    LEAST_OVERLAP,
    MIN_PRESENCE,
    SIDES,
    box_overlap,
    is_doubted,
    own_overlap,
    regions_around,
)

NUM_LANDMARKS = 33
# The network's two auxiliary points: hip centre, and a point whose distance from it is the radius
# of the circle around the whole body, straight above the hips of an upright person.
_CENTER, _RADIUS = 33, 34
_MARGIN = 1.25
# Cells around a landmark whose heatmap may correct it, and how sure the best of them must be.
_WINDOW = 3
_SURE = 0.5

#: How far a region is off that is read again: centre over side, logarithm of the side, turn in rad.
#: The network asks for about half of the turn that it needs, and misses limbs of who leans by more.
_FAR = (0.1, 0.2, 0.1)
#: How often a person is read at most, until the region is what the network asks for.
_MOST_READS = 3

#: Regions that the network reads at once: it needs 7 MB for each.
MAX_BATCH = 16
#: People of an image, at most, who are looked for in other regions.
MAX_SECOND_LOOKS = 16


@dataclass(frozen=True)
class Landmarks(Batch):
    """Landmarks of N people."""

    pixels: np.ndarray  #: (N, 33, 2) px in the image
    world: np.ndarray  #: (N, 33, 3) m, x right, y down, z away, from the hips; upright image axes
    visibility: np.ndarray  #: (N, 33) in [0, 1]
    presence: np.ndarray  #: (N,) in [0, 1]: is there a person at all?
    wanted: Regions  #: N regions in which the network would rather have read


@dataclass(frozen=True)
class Expected(Batch):
    """Where N boxes' people are expected from images before."""

    regions: Regions
    is_known: np.ndarray  #: (N,) bool: of the others the regions mean nothing
    is_due: np.ndarray  #: (N,) bool: known for so long that the box should be read as well


class BlazePose:
    """The landmark network, all people of a frame together."""

    def __init__(self, threads: int | None = None):
        self.session = open_session("blazepose_full.onnx", threads)

    def __call__(
        self,
        image_bgr: np.ndarray,
        boxes_px: np.ndarray,
        sure: np.ndarray | None = None,
        expected: Expected | None = None,
    ) -> Landmarks:
        """image (H, W, 3) uint8; boxes (N, 4) x_min, y_min, x_max, y_max, of positive size.

        sure: (K,) rows of the boxes that surely show a person, the surest first; the first
        MAX_SECOND_LOOKS of those who are not seen are looked for again. None: all, in their order.
        expected: of the boxes, in whose regions their people are read first.
        """
        boxes = np.asarray(boxes_px, np.float64)
        extent = boxes[:, 2:] - boxes[:, :2]
        regions = Regions(
            (boxes[:, :2] + boxes[:, 2:]) / 2, extent.max(1) * _MARGIN, np.zeros(len(boxes))
        )
        look = _Look(image_bgr, boxes)
        if expected is None or not expected.is_known.any():
            landmarks = self._read_well(image_bgr, regions)
        else:
            rows = np.flatnonzero(expected.is_known)
            first = regions.with_rows(rows, expected.regions.select(rows))
            landmarks = self._read_well(image_bgr, first)
            evidence = look.evidence(landmarks.select(rows), rows)
            anew = (evidence == 0) | expected.is_due[rows]
            rows, evidence = rows[anew], evidence[anew]
            if len(rows):
                of_boxes = self._read_well(image_bgr, regions.select(rows))
                gain = look.evidence(of_boxes, rows) >= evidence
                landmarks = landmarks.with_rows(rows[gain], of_boxes.select(gain))
        rows = np.arange(len(boxes)) if sure is None else np.asarray(sure)
        rows = rows[look.is_doubted(landmarks, rows)][:MAX_SECOND_LOOKS]
        return self._with_second_look(look, rows, landmarks) if len(rows) else landmarks

    def _with_second_look(self, look: _Look, rows: np.ndarray, landmarks: Landmarks) -> Landmarks:
        """`landmarks`, and what other regions around `rows` of the boxes show better."""
        read = self._read(look.image_bgr, regions_around(look.boxes[rows]))
        found = look.evidence(read, np.repeat(rows, len(SIDES))).reshape(len(rows), -1)
        best = np.argsort(-found, axis=1, kind="stable")[:, :FINALISTS]  # (R, FINALISTS)
        person = np.repeat(np.arange(len(rows)), FINALISTS)
        finalists = (best + len(SIDES) * np.arange(len(rows))[:, None]).ravel()
        person, finalists = (i[found.ravel()[finalists] > 0] for i in (person, finalists))
        # The network has to say so again of the region that it asks for.
        regions = regions_around(look.boxes[rows]).select(finalists)
        final = self._read_wanted(look.image_bgr, regions, read.select(finalists))
        score = look.evidence(final, rows[person])
        order = np.lexsort((-score, person))
        winners = order[np.unique(person[order], return_index=True)[1]]
        rows = rows[person[winners]]
        gain = score[winners] > look.evidence(landmarks.select(rows), rows)
        return landmarks.with_rows(rows[gain], final.select(winners[gain]))

    def _read_well(self, image_bgr: np.ndarray, regions: Regions) -> Landmarks:
        return self._read_wanted(image_bgr, regions, self._read(image_bgr, regions))

    def _read_wanted(
        self, image_bgr: np.ndarray, regions: Regions, landmarks: Landmarks
    ) -> Landmarks:
        """`landmarks`, read in `regions`, and what the regions show that the network asks for."""
        rows = np.arange(len(regions))
        for _ in range(_MOST_READS - 1):
            read = landmarks.select(rows)
            again = _is_far(regions, read.wanted) & (read.presence > 0.3)
            if not again.any():
                break
            rows, regions = rows[again], read.wanted.select(again)
            landmarks = landmarks.with_rows(rows, self._read(image_bgr, regions))
        return landmarks

    def _read(self, image_bgr: np.ndarray, regions: Regions) -> Landmarks:
        """Landmarks in N regions."""
        parts = [
            self._read_batch(image_bgr, regions.select(slice(first, first + MAX_BATCH)))
            for first in range(0, max(len(regions), 1), MAX_BATCH)
        ]
        return joined(parts)

    def _read_batch(self, image_bgr: np.ndarray, regions: Regions) -> Landmarks:
        maps = regions.crop_to_image()
        crops = np.empty((len(maps), CROP, CROP, 3), np.uint8)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for crop, matrix in zip(crops, maps, strict=True):
            cv2.warpAffine(image_bgr, matrix, (CROP, CROP), dst=crop, flags=flags)
        images = np.multiply(
            crops[..., ::-1].transpose(0, 3, 1, 2), np.float32(1 / 255), dtype=np.float32, order="C"
        )
        landmarks, world, presence, heatmap = self.session.run(
            ("landmarks", "world_landmarks", "presence", "heatmap"), {"image": images}
        )
        pixels = (
            _refine(landmarks[..., :2].astype(np.float64), heatmap)
            @ maps[:, :, :2].transpose(0, 2, 1)
            + maps[:, None, :, 2]
        )
        cosine, sine = np.cos(regions.angles), np.sin(regions.angles)
        upright = world[:, :NUM_LANDMARKS].astype(np.float64)
        x, y = upright[..., 0].copy(), upright[..., 1].copy()
        upright[..., 0] = cosine[:, None] * x - sine[:, None] * y
        upright[..., 1] = sine[:, None] * x + cosine[:, None] * y
        visibility = 1 / (1 + np.exp(-landmarks[:, :NUM_LANDMARKS, 3].astype(np.float64)))
        radius = pixels[:, _RADIUS] - pixels[:, _CENTER]
        length = np.linalg.norm(radius, axis=1)
        found = length > 2
        wanted = Regions(
            np.where(found[:, None], pixels[:, _CENTER], regions.centers),
            np.where(found, 2 * length * _MARGIN, regions.sizes),
            np.where(found, np.arctan2(radius[:, 0], -radius[:, 1]), regions.angles),
        )
        return Landmarks(
            pixels[:, :NUM_LANDMARKS],
            upright,
            visibility,
            presence[:, 0].astype(np.float64),
            wanted,
        )


class _Look:
    """An image and its boxes: what speaks for a reading."""

    def __init__(self, image_bgr: np.ndarray, boxes: np.ndarray):
        self.image_bgr, self.boxes = image_bgr, boxes

    def is_doubted(self, landmarks: Landmarks, rows: np.ndarray) -> np.ndarray:
        """(R,) bool: which of some rows of all boxes' landmarks have to be looked at again."""
        height, width = self.image_bgr.shape[:2]
        boxes = self.boxes[rows]
        overlap = box_overlap(landmarks.pixels[rows], boxes, width, height).diagonal()
        return is_doubted(landmarks.presence[rows], overlap, boxes)

    def evidence(self, of: Landmarks, own: np.ndarray) -> np.ndarray:
        """(R,) of readings of the boxes `own` (R,); 0 where nothing is to be believed."""
        height, width = self.image_bgr.shape[:2]
        overlap = own_overlap(box_overlap(of.pixels, self.boxes, width, height), own)
        believed = (of.presence > MIN_PRESENCE) & (overlap >= LEAST_OVERLAP)
        return np.where(believed, of.presence * overlap, 0.0)


def _is_far(regions: Regions, wanted: Regions) -> np.ndarray:
    """(N,) bool: regions in which the network reads worse than in those that it wants."""
    shift = np.linalg.norm(wanted.centers - regions.centers, axis=1) / regions.sizes
    growth = np.abs(np.log(wanted.sizes / regions.sizes))
    turn = turn_size(wanted.angles - regions.angles)
    far = np.stack((shift, growth, turn), 1) > _FAR
    return np.asarray(far.any(1))


def _refine(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Landmarks (N, 39, 2) in crop pixels moved to their heatmap's centre of mass nearby.

    heatmap: (N, 39, 64, 64) logits. The coordinates come from a regression that looks at the whole
    person; the heatmap knows the spot. Where it is not sure, the landmark stays.
    """
    cells = heatmap.shape[-1]
    scale = CROP / cells
    offsets = np.arange(-_WINDOW, _WINDOW + 1)
    x, y = np.moveaxis(np.floor(points / scale).astype(int), -1, 0)
    columns, rows = x[..., None, None] + offsets, y[..., None, None] + offsets[:, None]
    inside = (columns >= 0) & (columns < cells) & (rows >= 0) & (rows < cells)
    people, joints = np.ogrid[: len(points), : points.shape[1]]
    logits = heatmap[
        people[..., None, None],
        joints[..., None, None],
        np.clip(rows, 0, cells - 1),
        np.clip(columns, 0, cells - 1),
    ]
    weights = inside / (1 + np.exp(-np.clip(logits, -50, 50)))
    total = np.maximum(weights.sum((-1, -2)), 1e-9)
    center = np.stack(((weights * columns).sum((-1, -2)), (weights * rows).sum((-1, -2))), -1)
    sure = weights.max((-1, -2)) >= _SURE
    return np.where(sure[..., None], center / total[..., None] * scale, points)

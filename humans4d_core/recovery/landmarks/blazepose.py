"""BlazePose's landmark network on regions of interest around given boxes.

Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking" (2020). The network wants an
upright person whose hips are in the middle of the region; it also says where such a region would
have been, so a region that was far off is read once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...onnx_session import open_session

NUM_LANDMARKS = 33
_CROP = 256
# The network's two auxiliary points: hip centre, and a point whose distance from it is the radius
# of the circle around the whole body, straight above the hips of an upright person.
_CENTER, _RADIUS = 33, 34
_MARGIN = 1.25
# Cells around a landmark whose heatmap may correct it, and how sure the best of them must be.
_WINDOW = 3
_SURE = 0.5


@dataclass(frozen=True)
class Regions:
    """Squares in the image: centers (N, 2) px, sizes (N,) px, angles (N,) rad that turn the
    image's up into the person's."""

    centers: np.ndarray
    sizes: np.ndarray
    angles: np.ndarray

    def select(self, index) -> Regions:
        return Regions(self.centers[index], self.sizes[index], self.angles[index])

    def crop_to_image(self) -> np.ndarray:
        """Affine maps (N, 2, 3) from crop pixels to image pixels."""
        cosine, sine = np.cos(self.angles), np.sin(self.angles)
        turn = np.stack((cosine, -sine, sine, cosine), -1).reshape(-1, 2, 2)
        turn = turn * (self.sizes / _CROP)[:, None, None]
        shift = self.centers - turn @ np.full(2, _CROP / 2)
        return np.concatenate((turn, shift[:, :, None]), -1)


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of N people."""

    pixels: np.ndarray  #: (N, 33, 2) px in the image
    world: np.ndarray  #: (N, 33, 3) m, x right, y down, z away, from the hips; upright image axes
    visibility: np.ndarray  #: (N, 33) in [0, 1]
    presence: np.ndarray  #: (N,) in [0, 1]: is there a person at all?


class BlazePose:
    """The landmark network, all people of a frame in one batch."""

    def __init__(self, threads: int | None = None):
        self.session = open_session("blazepose_full.onnx", threads)

    def __call__(self, image_bgr: np.ndarray, boxes_px: np.ndarray) -> Landmarks:
        """image (H, W, 3) uint8; boxes (N, 4) x_min, y_min, x_max, y_max, of positive size."""
        boxes = np.asarray(boxes_px, np.float64)
        extent = boxes[:, 2:] - boxes[:, :2]
        regions = Regions(
            (boxes[:, :2] + boxes[:, 2:]) / 2, extent.max(1) * _MARGIN, np.zeros(len(boxes))
        )
        landmarks, better = self._read(image_bgr, regions)
        redo = np.flatnonzero(self._differ(regions, better) & (landmarks.presence > 0.3))
        if len(redo):
            again, _ = self._read(image_bgr, better.select(redo))
            for name in ("pixels", "world", "visibility", "presence"):
                getattr(landmarks, name)[redo] = getattr(again, name)
        return landmarks

    @staticmethod
    def _differ(regions: Regions, better: Regions) -> np.ndarray:
        shift = np.linalg.norm(better.centers - regions.centers, axis=1) / regions.sizes
        growth = np.abs(np.log(better.sizes / regions.sizes))
        turn = np.abs(better.angles - regions.angles)
        return (shift > 0.1) | (growth > 0.2) | (turn > 0.25)

    def _read(self, image_bgr: np.ndarray, regions: Regions) -> tuple[Landmarks, Regions]:
        maps = regions.crop_to_image()
        crops = np.empty((len(maps), _CROP, _CROP, 3), np.uint8)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for crop, matrix in zip(crops, maps, strict=True):
            cv2.warpAffine(image_bgr, matrix, (_CROP, _CROP), dst=crop, flags=flags)
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
        result = Landmarks(
            pixels[:, :NUM_LANDMARKS], upright, visibility, presence[:, 0].astype(np.float64)
        )
        radius = pixels[:, _RADIUS] - pixels[:, _CENTER]
        length = np.linalg.norm(radius, axis=1)
        found = length > 2
        better = Regions(
            np.where(found[:, None], pixels[:, _CENTER], regions.centers),
            np.where(found, 2 * length * _MARGIN, regions.sizes),
            np.where(found, np.arctan2(radius[:, 0], -radius[:, 1]), regions.angles),
        )
        return result, better


def _refine(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Landmarks (N, 39, 2) in crop pixels moved to their heatmap's centre of mass nearby.

    heatmap: (N, 39, 64, 64) logits. The coordinates come from a regression that looks at the whole
    person; the heatmap knows the spot. Where it is not sure, the landmark stays.
    """
    cells = heatmap.shape[-1]
    scale = _CROP / cells
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

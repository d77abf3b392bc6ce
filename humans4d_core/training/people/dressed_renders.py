"""Pictures of the free body, dressed, before a background: what the landmark network reads."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...body import BodyData
from ...mesh.z_buffer import render
from ...types import Camera

#: Parts of the surface that have a colour each.
SKIN, SHIRT, TROUSERS, SHOES, HAIR, EYES, MOUTH = range(7)
_SKINS = np.array(
    [[120, 160, 210], [150, 185, 235], [60, 90, 140], [90, 125, 180], [170, 200, 245]]
)
_HAIR = np.array([[20, 20, 25], [40, 70, 100], [120, 170, 200], [90, 90, 90]])
_HEAD, _BARE = 15, (12, 15, 20, 21, 22, 23)


@dataclass(frozen=True)
class Picture:
    """One person, and where the image shows them."""

    image_bgr: np.ndarray  #: (H, W, 3) uint8
    box_px: np.ndarray  #: (4,) around what is seen, as a detector would say it
    mask: np.ndarray  #: (H, W) bool, pixels that show the person


class Wardrobe:
    """Clothes of one body model: which triangles have which colour."""

    def __init__(self, body: BodyData, rest_joints: np.ndarray):
        part, segment = _parts(body), body.skinning_weights.argmax(1)
        short = part.copy()
        short[np.isin(segment, (18, 19))] = SKIN
        shorts = short.copy()
        shorts[np.isin(segment, (4, 5))] = SKIN
        self._outfits = [_faces(body, each) for each in (part, short, shorts)]

    def picture(
        self, vertices: np.ndarray, camera: Camera, rng: np.random.Generator
    ) -> Picture | None:
        """Vertices (V, 3) m in front of the camera, perhaps behind something or cut off by the
        image; None where hardly anything is seen."""
        height, width = camera.height, camera.width
        outfit = self._outfits[rng.integers(len(self._outfits))]
        layers = [render(vertices[None], faces, camera) for faces in outfit]
        depth = np.stack([layer.depth for layer in layers])
        part, seen = depth.argmin(0), np.isfinite(depth.min(0))
        if seen.sum() < 100:
            return None
        normals = np.take_along_axis(
            np.stack([layer.normals for layer in layers]), part[None, ..., None], 0
        )[0]
        image = _background(rng, height, width)
        image[seen] = (_colors(rng)[part] * _shade(normals, rng))[seen]
        rows, columns = np.nonzero(seen)
        low, high = np.array((columns.min(), rows.min())), np.array((columns.max(), rows.max())) + 1
        seen &= ~_occluded(image, low, high, rng)
        image = cv2.GaussianBlur(image, (3, 3), rng.uniform(0.3, 1.0))
        image *= np.float32(rng.uniform(0.7, 1.15))
        image += rng.normal(0, rng.uniform(1, 7), image.shape).astype(np.float32)
        image = np.clip(image, 0, 255).astype(np.uint8)
        bottom, right = _cut(low, high, rng, height, width)
        image, seen = image[:bottom, :right], seen[:bottom, :right]
        if seen.sum() < 100:
            return None
        rows, columns = np.nonzero(seen)
        box = np.array((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), float)
        box += rng.normal(0, 0.04, 4) * (box[2:] - box[:2]).max()
        if (box[2:] - box[:2]).min() < 16:
            return None
        return Picture(np.ascontiguousarray(image), box, np.ascontiguousarray(seen))


def _parts(body: BodyData) -> np.ndarray:
    """(V,) which part a vertex belongs to."""
    vertices, segment = body.template.astype(np.float64), body.skinning_weights.argmax(1)
    part = np.full(len(vertices), SHIRT)
    part[np.isin(segment, (0, 1, 2, 4, 5))] = TROUSERS
    part[np.isin(segment, (7, 8, 10, 11))] = SHOES
    part[np.isin(segment, _BARE)] = SKIN
    head = segment == _HEAD
    low, high = vertices[head].min(0), vertices[head].max(0)
    x = vertices[:, 0] - vertices[head, 0].mean()
    _, y, z = ((vertices - low) / (high - low)).T
    part[head & ((z < 0.45) & (y > 0.25) | (y > 0.85))] = HAIR
    face = head & (z > 0.6)
    part[face & (y > 0.5) & (y < 0.6) & (np.abs(np.abs(x) - 0.032) < 0.016)] = EYES
    part[face & (y > 0.2) & (y < 0.27) & (np.abs(x) < 0.025)] = MOUTH
    return part


def _faces(body: BodyData, part: np.ndarray) -> list[np.ndarray]:
    of_face = np.median(part[body.faces], axis=1).astype(int)
    return [np.ascontiguousarray(body.faces[of_face == k]) for k in range(MOUTH + 1)]


def _colors(rng: np.random.Generator) -> np.ndarray:
    """(7, 3) BGR."""
    colors = rng.uniform(15, 240, (MOUTH + 1, 3))
    colors[SKIN] = _SKINS[rng.integers(len(_SKINS))] * rng.uniform(0.85, 1.1)
    colors[HAIR] = _HAIR[rng.integers(len(_HAIR))]
    colors[EYES], colors[MOUTH] = 40, (90, 80, 170)
    if rng.random() < 0.5:
        colors[TROUSERS] = rng.uniform(20, 90) + rng.uniform(0, 40, 3) * (1, 0.6, 0.4)
    colors[SHOES] = rng.uniform(20, 200)
    return colors


def _shade(normals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 1) of a lamp on the camera's side, and of light from everywhere."""
    light = rng.normal(0, 1, 3)
    light[2] = -abs(light[2]) - 0.5
    light /= np.linalg.norm(light)
    ambient = rng.uniform(0.35, 0.7)
    return ambient + (1 - ambient) * np.clip(normals @ light, 0, 1)[..., None]


def _background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(H, W, 3) float32: a wall, a floor, some boxes, texture."""
    image = np.empty((height, width, 3), np.float32)
    horizon = int(height * rng.uniform(0.2, 0.8))
    image[:horizon], image[horizon:] = rng.uniform(20, 230, 3), rng.uniform(20, 230, 3)
    for _ in range(rng.integers(2, 14)):
        x, y = int(rng.integers(-20, width)), int(rng.integers(-20, height))
        far = (x + int(rng.integers(5, width)), y + int(rng.integers(5, height // 2)))
        cv2.rectangle(image, (x, y), far, rng.uniform(10, 245, 3).tolist(), -1)
    side = 2 * int(rng.integers(1, 9)) + 1
    coarse = rng.normal(0, rng.uniform(2, 18), (height // 4 + 1, width // 4 + 1, 3))
    texture = cv2.resize(coarse.astype(np.float32), (width, height))
    return np.asarray(cv2.GaussianBlur(image, (side, side), 0) + texture)


def _occluded(image, low, high, rng: np.random.Generator) -> np.ndarray:
    """(H, W) bool of a thing in front of about a third of the people; it is painted."""
    hidden = np.zeros(image.shape[:2], bool)
    if rng.random() < 0.3:
        share, size = rng.uniform(0.1, 0.6), high - low
        (x0, y0), (x1, y1) = low - 9, high + 9
        side = rng.integers(4)
        if side == 0:
            y0 = high[1] - share * size[1]
        elif side == 1:
            x0 = high[0] - share * size[0] * 0.7
        elif side == 2:
            x1 = low[0] + share * size[0] * 0.7
        else:
            y0 = low[1] + rng.uniform(0.2, 0.7) * size[1]
            y1 = y0 + 0.25 * size[1]
        x0, y0, x1, y1 = (max(round(float(v)), 0) for v in (x0, y0, x1, y1))
        hidden[y0:y1, x0:x1] = True
        image[hidden] = rng.uniform(20, 230, 3)
    return hidden


def _cut(low, high, rng: np.random.Generator, height: int, width: int) -> tuple[int, int]:
    """Where the image ends below and on the right: through about a sixth of the people."""
    if rng.random() < 0.15:
        share = rng.uniform(0.1, 0.5)
        if rng.random() < 0.7:
            return max(int(high[1] - share * (high[1] - low[1])), 32), width
        return height, max(int(high[0] - share * (high[0] - low[0])), 32)
    return height, width

"""What people wear: colours of surface points, with no learned weights.

    mesh -> visible points -> their pixels' colours -> a texture that each track keeps

A point is a vertex of the body model, so that it means the same place of a person in every image.
A few hundred, evenly spread, carry a coarse mesh whose z-buffer says which of them the camera sees:
a person's own far side and everything behind another person's mesh stay unseen, and have no vote.

Points say most while a person shows the same side. Who turns around shows other points, so the
same samples are also averaged over a few parts of the body, clothing's own units, whichever of
their points are seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..body.surface import PARTS, Surface
from ..config.appearance_config import DEFAULT, AppearanceConfig
from ..geometry import project
from ..mesh.visibility import visible_vertices
from ..mesh.z_buffer import render
from ..types import APPEARANCE_SIZE, Bodies, Camera, Frame

#: Samples a second for which `AppearanceConfig.update` holds.
UPDATE_RATE = 30.0


@dataclass(frozen=True)
class Colors(Batch):
    """Colours of N people or tracks, in standard deviations, with confidences in [0, 1]."""

    points: np.ndarray  #: (N, K, 3) float32
    point_confidence: np.ndarray  #: (N, K) float32, 0 where not seen
    parts: np.ndarray  #: (N, P, 3) float32
    part_confidence: np.ndarray  #: (N, P) float32

    @classmethod
    def unseen(cls, count: int, num_points: int) -> Colors:
        shapes = ((num_points, 3), (num_points,), (len(PARTS), 3), (len(PARTS),))
        return cls(*(np.zeros((count, *s), np.float32) for s in shapes))


def observed_colors(
    frame: Frame,
    bodies: Bodies,
    rows: np.ndarray,
    surface: Surface | None,
    config: AppearanceConfig = DEFAULT,
) -> Colors:
    """Colours of `rows` (N,) of bodies; all unseen where the surface is not that of their mesh."""
    if surface is None:
        return Colors.unseen(len(rows), 0)
    colors = Colors.unseen(len(rows), len(surface.points))
    if not len(rows) or bodies.vertices_cam.shape[1] != surface.num_vertices:
        return colors
    vertices = bodies.vertices_cam[rows[:, None], surface.points]
    scores = np.clip(bodies.scores[rows], 0, 1)
    camera = frame.camera
    small = _smaller(camera, bodies.boxes_px[rows], config)
    zbuffer = render(vertices, surface.faces, small)
    visible = visible_vertices(vertices, surface.faces, small, zbuffer)
    n, k = np.nonzero(visible)
    seen = vertices[n, k]
    column, row = _pixel(seen, small)
    own = zbuffer.ids[row, column] == n
    facing = -(zbuffer.normals[row, column] * seen).sum(-1) / np.linalg.norm(seen, axis=-1)
    n, k, seen, facing = (a[own & (facing > config.facing)] for a in (n, k, seen, facing))
    column, row = _pixel(seen, camera)
    colors.points[n, k] = _opponent(frame.image_bgr[row, column], config)
    colors.point_confidence[n, k] = scores[n] * facing
    for part in range(len(PARTS)):
        inside = surface.parts == part
        weight = colors.point_confidence[:, inside]
        total = weight.sum(1)
        mean = np.einsum("nk,nkc->nc", weight, colors.points[:, inside])
        colors.parts[:, part] = mean / np.maximum(total, 1e-6)[:, None]
        enough = (weight > 0).sum(1) >= config.min_part_points
        colors.part_confidence[:, part] = enough * scores
    return colors


def _pixel(points: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the pixel that each point (K, 3) m in front of the camera falls into."""
    column, row = np.rint(project(points, camera)).astype(np.intp).T
    return column.clip(0, camera.width - 1), row.clip(0, camera.height - 1)


def _smaller(camera: Camera, boxes_px: np.ndarray, config: AppearanceConfig) -> Camera:
    """The pinhole of `camera` with an image just large enough to tell who of (N, 4) hides whom."""
    size = np.array((camera.width, camera.height), np.float64)
    sides = np.minimum(boxes_px[:, 2:], size) - np.maximum(boxes_px[:, :2], 0)
    area = np.maximum(sides, 1).prod(1).sum()
    widest = config.visibility_width / camera.width
    scale = min(np.sqrt(config.visibility_pixels / area), widest, 1.0)
    width, height = (max(round(side * scale), 1) for side in (camera.width, camera.height))
    return camera.scaled(width, height, kept_px=-0.5)


def _opponent(bgr: np.ndarray, config: AppearanceConfig) -> np.ndarray:
    """Pixels (K, 3) -> brightness, red/green, yellow/blue: logarithms, in their deviations."""
    blue, green, red = np.log(bgr.astype(np.float32) + config.dark).T
    opponent = ((red + green + blue) / 3, red - green, (red + green) / 2 - blue)
    sigma = np.array((config.brightness_sigma, config.hue_sigma, config.hue_sigma), np.float32)
    return np.stack(opponent, axis=-1) / sigma


def descriptor(colors: Colors) -> np.ndarray:
    """What is published of N people's clothes: (N, 16) float32.

    For each of head, upper body, hips and thighs, and lower legs: log brightness, log red/green
    and log yellow/blue, each in its standard deviation, so that 1 is what one person's colour
    varies by; then the confidence in [0, 1], 0 where the part was not seen.
    """
    of_parts = np.concatenate((colors.parts, colors.part_confidence[..., None]), axis=-1)
    return of_parts.reshape(len(colors), APPEARANCE_SIZE)


def repaint(
    old: Colors, new: Colors, seconds: np.ndarray, config: AppearanceConfig = DEFAULT
) -> Colors:
    """Textures after each track saw its own sample (row i of both), `seconds` (N,) after its last.

    A point seen for the first time is taken over as it is.
    """
    values = []
    for was, is_, confidence_was, confidence_is in (
        (old.points, new.points, old.point_confidence, new.point_confidence),
        (old.parts, new.parts, old.part_confidence, new.part_confidence),
    ):
        steps = UPDATE_RATE * seconds[:, None]
        gain = 1 - (1 - config.update * confidence_is**2) ** steps
        gain = np.where(confidence_was > 0, gain, 1.0).astype(np.float32)
        gain[confidence_is <= 0] = 0
        values.append(was + gain[..., None] * (is_ - was))
        values.append(confidence_was + gain * (confidence_is - confidence_was))
    return Colors(*values)


def color_distance(
    colors_a: Colors,
    rows_a: np.ndarray,
    colors_b: Colors,
    rows_b: np.ndarray,
    config: AppearanceConfig = DEFAULT,
) -> tuple[np.ndarray, np.ndarray]:
    """Distance of points and of parts for pairs of rows (Q,), each (Q,); NaN: nothing in common."""
    return (
        _robust_distance(
            colors_a.points[rows_a] - colors_b.points[rows_b],
            np.minimum(colors_a.point_confidence[rows_a], colors_b.point_confidence[rows_b]),
            config.min_common_points,
            config,
        ),
        _robust_distance(
            colors_a.parts[rows_a] - colors_b.parts[rows_b],
            np.minimum(colors_a.part_confidence[rows_a], colors_b.part_confidence[rows_b]),
            config.min_common_parts,
            config,
        ),
    )


def same_clothes(
    colors_a: Colors,
    rows_a: np.ndarray,
    colors_b: Colors,
    rows_b: np.ndarray,
    config: AppearanceConfig = DEFAULT,
) -> np.ndarray:
    """2 log p(colours | one person) / p(colours | two people) for pairs of rows (Q,).

    0 where nothing can be compared. Points and parts are the same pixels seen twice, so what they
    say is averaged, not added.
    """
    by_points, by_parts = color_distance(colors_a, rows_a, colors_b, rows_b, config)
    evidence = np.stack(
        (
            config.points_alike - config.points_slope * by_points,
            config.parts_alike - config.parts_slope * by_parts,
        )
    )
    shares = np.array([[1 - config.parts_weight], [config.parts_weight]])
    weight = np.where(np.isfinite(evidence), shares, 0.0)
    total = weight.sum(0)
    return np.where(weight > 0, evidence * weight, 0).sum(0) / np.maximum(total, 1e-9)


def _robust_distance(
    difference: np.ndarray, weight: np.ndarray, fewest: int, config: AppearanceConfig
) -> np.ndarray:
    """Distance (Q,) of differences (Q, K, 3) with weights (Q, K), one change of light removed."""
    total = weight.sum(1)
    share = weight / np.maximum(total, 1e-9)[:, None]
    light = np.einsum("qk,qkc->qc", share, difference)
    sigma = (config.light_brightness, config.light_hue, config.light_hue)
    light_sigma = np.array(sigma, np.float32)
    light *= light_sigma**2 / (light_sigma**2 + 0.5)
    difference = difference - light[:, None]
    square = np.einsum("qkc,qkc->qk", difference, difference)
    distance = (share * square / (1 + square / config.outlier)).sum(1)
    distance += (light**2 / light_sigma**2).sum(1)
    return np.where((weight > 0).sum(1) >= fewest, distance, np.nan)


class Clothes:
    """Appearance as a tracker that counts frames wants it: no seconds, one number in [0, 1]."""

    def __init__(self, surface: Surface, config: AppearanceConfig = DEFAULT):
        self.surface = surface
        self.config = config

    def observe(self, frame: Frame, bodies: Bodies) -> Colors:
        """Colours of N bodies."""
        return observed_colors(frame, bodies, np.arange(len(bodies)), self.surface, self.config)

    def distance(self, remembered: Colors, observed: Colors) -> np.ndarray:
        """Probability (M, N) that tracks and bodies are two people; 0 where nothing compares."""
        shape = len(remembered), len(observed)
        rows, columns = (index.ravel() for index in np.indices(shape))
        evidence = same_clothes(remembered, rows, observed, columns, self.config)
        different = 1 / (1 + np.exp(np.clip(evidence / 2, -30, 30)))
        return np.where(evidence == 0, 0, different).reshape(shape)

    def updated(self, remembered: Colors, observed: Colors) -> Colors:
        """Textures one frame later, row i of both."""
        seconds = np.full(len(observed), 1 / UPDATE_RATE)
        return repaint(remembered, observed, seconds, self.config)

"""Clips whose people and truth are known: who walks where, and how far off it is published."""

import numpy as np

from humans4d_core.evaluation.results.image_table import ImageRows
from humans4d_core.evaluation.results.people_table import PeopleRows
from humans4d_core.evaluation.scores.scene import Scene
from humans4d_core.evaluation.truth import Truth
from humans4d_core.evaluation.truth.truth import TruthRows
from humans4d_core.types import Camera, TrackState

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
RATE = 10.0


def make_images(count=40, rate=RATE, poses=None, up=(0.0, -1.0, 0.0)):
    """F images of a level camera; poses (F, 3, 4) in a fixed frame, or none."""
    return ImageRows(
        np.arange(1, count + 1, dtype=np.int32),
        (np.arange(count) * 1e9 / rate).astype(np.int64) + 1_700_000_000_000_000_000,
        np.tile((640, 480), (count, 1)).astype(np.int32),
        np.tile((600.0, 600.0, 320.0, 240.0), (count, 1)),
        np.zeros((count, 8)),
        np.full(count, "plumb_bob", object),
        np.tile(np.asarray(up, float), (count, 1)),
        np.full((count, 3, 4), np.nan) if poses is None else poses,
        np.array([f"{k:06d}.jpg" for k in range(count)], object),
    )


def box_of(places):
    """(R, 4) px of people 1.8 m high whose pelvis is at places (R, 3)."""
    x, y, z = places.T
    columns = (320 + 600 * (x - 0.3) / z, 240 + 600 * (y - 0.9) / z,
               320 + 600 * (x + 0.3) / z, 240 + 600 * (y + 0.9) / z)  # fmt: skip
    return np.stack(columns, axis=1)


def walks(images, starts, velocities):
    """Persons 1, 2, ... who walk straight on: (person (R,), frame (R,), places (R, 3))."""
    seconds = (images.stamp_ns - images.stamp_ns[0]) * 1e-9
    starts, velocities = np.asarray(starts, float), np.asarray(velocities, float)
    places = starts[:, None] + seconds[None, :, None] * velocities[:, None]
    people = np.repeat(np.arange(1, len(starts) + 1), len(images))
    return people, np.tile(images.frame, len(starts)), places.reshape(-1, 3)


def make_truth(people, frames, places, **known):
    """Truth of walks, by boxes and places; known: other columns of TruthRows."""
    columns = {"box": box_of(places), "place_cam": places, **known}
    rows = TruthRows.of(frames, people, **columns)
    return Truth(rows, np.unique(frames).astype(np.int64))


def make_published(
    images, ids, frames, places, covariance=0.01, velocity=None, states=None, seen_at=None
):
    """What was published: people at places (R, 3) under ids (R,), in boxes of seen_at (R, 3)."""
    count = len(ids)
    stamps = images.stamp_ns[np.searchsorted(images.frame, frames)]
    joints = np.repeat(places[:, None], 24, axis=1)
    spread = np.linspace(-0.8, 0.8, 24)
    joints[:, :, 1] += spread
    state = np.full(count, TrackState.CONFIRMED) if states is None else states
    covariances = np.broadcast_to(np.eye(3) * covariance, (count, 3, 3))
    return PeopleRows(
        np.asarray(frames, np.int32), stamps, np.asarray(ids, np.int64),
        np.asarray(state, np.uint8),
        box_of(places if seen_at is None else seen_at).astype(np.float32),
        places.astype(np.float32),
        covariances.astype(np.float32),
        np.zeros((count, 3), np.float32) if velocity is None else velocity.astype(np.float32),
        joints.astype(np.float32), np.ones((count, 24), np.float32),
        np.full(count, 0.01, np.float32),
        np.full((count, 3, 3), np.nan, np.float32), np.full((count, 3, 3, 3), np.nan, np.float32),
    )  # fmt: skip


def two_who_walk(noise=0.0, seed=0, count=40, name="clip", **known):
    """(Scene, published rows): two people 2 m apart; noise: m, of each axis on the ground."""
    images = make_images(count)
    people, frames, places = walks(
        images, [(-1.0, 0.2, 6.0), (1.0, 0.2, 8.0)], [(0.3, 0, 0), (-0.1, 0, 0.2)]
    )
    off = np.random.default_rng(seed).normal(0, max(noise, 1e-12), places.shape)
    off[:, 1] = 0
    published = make_published(
        images, people + 10, frames, places + off, max(noise, 0.01) ** 2, seen_at=places
    )
    return Scene.of(name, images, published, make_truth(people, frames, places, **known))

"""Everybody in photograph after photograph, the people of several recovered at once.

A GPU is busy with the crops of many people at once, and few photographs hold many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..pipeline import Pipeline
from ..recovery.body_recovery import BatchRecovery
from ..types import Bodies, Detections, People, TrackState
from .photo_source import Photo

#: Boxes, images and pixels of images (3 bytes each) after which a batch is full.
BATCH_BOXES = 16
BATCH_IMAGES = 32
BATCH_PIXELS = 100_000_000


def people_of_photos(pipeline: Pipeline, photos: Iterable[Photo]) -> Iterator[tuple[Photo, People]]:
    """Each photograph and everybody in it, in their order. pipeline: of `photo_pipeline`."""
    batch: list[tuple[Photo, Detections]] = []
    is_batched = isinstance(pipeline.recovery, BatchRecovery)
    for photo in photos:
        boxes = photo.boxes
        if boxes is None:
            boxes = pipeline.detector.detect(photo.frame.image_bgr)
        batch.append((photo, boxes.surest(pipeline.config.max_people)))
        if not is_batched or _is_full(batch):
            yield from _recovered(pipeline, batch)
            batch = []
    yield from _recovered(pipeline, batch)


def _is_full(batch: list[tuple[Photo, Detections]]) -> bool:
    pixels = sum(photo.frame.image_bgr.size // 3 for photo, _ in batch)
    count = sum(len(boxes) for _, boxes in batch)
    return count >= BATCH_BOXES or len(batch) >= BATCH_IMAGES or pixels >= BATCH_PIXELS


def _recovered(
    pipeline: Pipeline, batch: list[tuple[Photo, Detections]]
) -> Iterator[tuple[Photo, People]]:
    recovery = pipeline.recovery
    bodies: list[Bodies] | list[None] = [None] * len(batch)
    if isinstance(recovery, BatchRecovery) and batch:
        frames, boxes = zip(*((photo.frame, boxes) for photo, boxes in batch), strict=True)
        bodies = recovery.recover_images(frames, boxes)
    for (photo, detections), of_photo in zip(batch, bodies, strict=True):
        pipeline.reset()  # two photographs are no film
        people = pipeline.process(photo.frame, detections, of_photo).people
        yield photo, people.select(people.states == TrackState.CONFIRMED)

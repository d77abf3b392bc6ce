"""Boxes that another node finds: vision_msgs/Detection2DArray instead of a detector of our own."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Generic, TypeVar

import numpy as np
from rclpy.serialization import deserialize_message

from humans4d_core.types import Detections

from .refusals import BoxesError

#: Images, and boxes, that wait for each other.
CAPACITY = 16

#: Bytes of a message of boxes, at most: some 15,000 boxes. Of what is larger nothing is read.
MAX_MESSAGE_BYTES = 8 << 20

#: Score from which another node's box is sure enough to start a track.
TOPIC_START_SCORE = 0.5

Image = TypeVar("Image")


def boxes_message_type() -> type:
    """vision_msgs/Detection2DArray; raises BoxesError where it is not installed."""
    try:
        from vision_msgs.msg import Detection2DArray
    except ImportError:
        raise BoxesError(
            "detector 'topic' needs the package vision_msgs: install it (ros-$ROS_DISTRO-"
            "vision-msgs) and source its workspace, or choose another detector"
        ) from None
    return Detection2DArray


def boxes_message(serialized: bytes):
    """The vision_msgs/Detection2DArray in CDR bytes; raises BoxesError where it is too large.

    A message of a million boxes would become gigabytes of Python's objects.
    """
    if len(serialized) > MAX_MESSAGE_BYTES:
        raise BoxesError(
            f"a message on the topic 'boxes' has {len(serialized) / 2**20:.0f} MB: at most "
            f"{MAX_MESSAGE_BYTES >> 20} MB are read"
        )
    return deserialize_message(serialized, boxes_message_type())


class Pairing(Generic[Image]):
    """Images and the boxes of the same stamp find each other, whichever comes first.

    Pairs come in the order of their stamps: what a later pair has overtaken is left out. Not
    thread-safe: one callback group. Boxes come later than their image by the time that it took
    to find them; the worker is not kept waiting for that.
    """

    def __init__(self):
        self._images: OrderedDict[int, tuple[Image, float]] = OrderedDict()
        self._boxes: OrderedDict[int, Detections] = OrderedDict()
        self._paired_ns: int | None = None  # the newest stamp of a pair

    def add_image(self, stamp_ns: int, image: Image, now: float) -> tuple[Image, Detections] | None:
        """The image with its boxes, if they are there."""
        boxes = self._boxes.pop(stamp_ns, None)
        if boxes is not None:
            self._paired_ns = stamp_ns
            return image, boxes
        self._images[stamp_ns] = image, now
        return None

    def add_boxes(
        self, stamp_ns: int, boxes: Detections
    ) -> tuple[tuple[Image, Detections] | None, int]:
        """The boxes' image with them, if it is there, and how many images it overtook.

        Who finds boxes leaves images out where it is slower than the camera: none will come for
        those before.
        """
        found = self._images.pop(stamp_ns, None)
        if found is None:
            self._boxes[stamp_ns] = boxes
            while len(self._boxes) > CAPACITY:
                self._boxes.popitem(last=False)
            return None, 0
        if self._paired_ns is not None and stamp_ns < self._paired_ns:
            return None, 1
        self._paired_ns = stamp_ns
        older = [stamp for stamp in self._images if stamp < stamp_ns]
        for stamp in older:
            del self._images[stamp]
        return (found[0], boxes), len(older)

    def expire(self, timeout: float, now: float) -> int:
        """Let go of images that have waited for more than `timeout` seconds; how many."""
        count = 0
        for stamp_ns, (_, since) in list(self._images.items()):
            if now - since > timeout or len(self._images) > CAPACITY:
                del self._images[stamp_ns]
                count += 1
        return count

    def clear(self) -> None:
        """Time has jumped."""
        self._images.clear()
        self._boxes.clear()
        self._paired_ns = None


def detections_from_message(message, class_id: str) -> Detections:
    """vision_msgs/Detection2DArray -> boxes of people, in pixels of the image.

    class_id: what a person is called; others are left out. Empty: every box is a person's, also one
    without a class. Turned boxes become the upright boxes around them. Raises BoxesError.
    """
    rows = []
    for detection in message.detections:
        scores = [
            result.hypothesis.score
            for result in detection.results
            if not class_id or result.hypothesis.class_id == class_id
        ]
        if not scores and (class_id or detection.results):
            continue
        box = detection.bbox
        center = box.center.position
        rows.append(
            (center.x, center.y, box.size_x, box.size_y, box.center.theta, max(scores, default=1.0))
        )
    if not rows:
        return Detections.empty()
    x, y, width, height, theta, scores = np.array(rows, np.float64).T
    if not np.isfinite(rows).all() or (width <= 0).any() or (height <= 0).any():
        raise BoxesError("a box on the topic 'boxes' has no size, or numbers that are not finite")
    if (scores < 0).any() or (scores > 1).any():
        worst = scores[np.argmax(np.abs(scores - 0.5))]
        raise BoxesError(f"a box on the topic 'boxes' has the score {worst:g}: give 0 to 1")
    cosine, sine = np.abs(np.cos(theta)), np.abs(np.sin(theta))
    across, down = (width * cosine + height * sine) / 2, (width * sine + height * cosine) / 2
    boxes = np.column_stack((x - across, y - down, x + across, y + down))
    if not np.abs(boxes).max() < math.sqrt(np.finfo(np.float32).max):
        raise BoxesError("a box on the topic 'boxes' is larger than any image")
    return Detections(boxes.astype(np.float32), scores.astype(np.float32))

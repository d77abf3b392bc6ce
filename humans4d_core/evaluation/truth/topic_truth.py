"""True places out of a topic of a bag, as motion capture publishes them.

BAG#/topic: geometry_msgs PoseStamped, PoseWithCovarianceStamped, PointStamped, nav_msgs/Odometry
(one person) or geometry_msgs/PoseArray (each place in the array is a person). BAG#tf:FRAME: the
frame of a person on TF.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import InputFileError, TransformError
from ...io.bags.bag_messages import decode, join_stamp, message_typestore, open_bag, raw_messages
from ...io.bags.bag_topics import TF_MESSAGE, connections_of
from ...io.bags.bag_transforms import BagTransforms
from ...shown_text import shown

TYPES = (
    "geometry_msgs/msg/PoseStamped", "geometry_msgs/msg/PoseWithCovarianceStamped",
    "geometry_msgs/msg/PointStamped", "geometry_msgs/msg/PoseArray", "nav_msgs/msg/Odometry",
)  # fmt: skip
_TF = "tf:"

#: Person -> stamps (K,) int64 ns, growing, and places (K, 3) m.
Ways = dict[int, tuple[np.ndarray, np.ndarray]]


def read_topic(path: Path, topic: str, target: str) -> tuple[Ways, int]:
    """Everybody's way in the frame `target` ("": as the messages have them), and how many places
    were left out for want of a transform.

    Raises InputFileError where the bag has no such topic or no place can be used.
    """
    reader = open_bag(path)
    try:
        transforms = BagTransforms(reader, path)
        is_tf = topic.startswith(_TF)
        wanted = [] if is_tf else connections_of(reader, *TYPES, topic=topic)
        if not wanted and not (is_tf and transforms.is_any):
            names = sorted({c.topic for c in connections_of(reader, *TYPES)})
            raise InputFileError(
                f"{shown(path)} has no places on {shown(topic)}: "
                + (f"topics that may be meant are {', '.join(map(shown, names))}" if names else
                   f"it has no topic of {', '.join(TYPES)}")
            )  # fmt: skip
        places = _Places(transforms, target)
        typestore = message_typestore()
        person_frame = topic.removeprefix(_TF).lstrip("/") if is_tf else None
        moving = transforms.connections if target or is_tf else []
        for connection, log_ns, data in raw_messages(reader, [*wanted, *moving], path):
            transforms.now_ns = log_ns
            if connection.msgtype == TF_MESSAGE:
                for transform in transforms.take(data):
                    if transform.child == person_frame:
                        places.add(1, transform.stamp_ns, transform.child, np.zeros(3))
            else:
                message = decode(typestore, connection, data, path)
                header = message.header
                stamp_ns = join_stamp(header.stamp)
                for person, place in _points(message):
                    places.add(person, stamp_ns, header.frame_id, place)
            places.settle()
        return places.ways(), places.left_out(shown(topic), path)
    finally:
        reader.close()


class _Places:
    """Places that are moved into one frame as soon as TF tells how."""

    def __init__(self, transforms: BagTransforms, target: str):
        self._transforms, self._target = transforms, target
        self._waiting: deque[tuple[int, int, str, np.ndarray, int]] = deque()
        self._found: dict[int, list[tuple[int, np.ndarray]]] = {}
        self._lost, self._why = 0, ""

    def add(self, person: int, stamp_ns: int, frame: str, place: np.ndarray) -> None:
        self._waiting.append((person, stamp_ns, frame, place, self._transforms.now_ns))

    def settle(self) -> None:
        """Move the places whose transforms have come, and give up those that waited long."""
        while self._waiting:
            person, stamp_ns, frame, place, came_ns = self._waiting[0]
            try:
                if self._target:
                    pose = self._transforms.lookup(self._target, frame, stamp_ns, came_ns)
                    if pose is None:
                        return
                    place = pose.apply(place)
            except TransformError as error:
                self._lost, self._why = self._lost + 1, str(error)
            else:
                self._found.setdefault(person, []).append((stamp_ns, place))
            self._waiting.popleft()

    def ways(self) -> Ways:
        self._transforms.now_ns += 10**12  # nothing comes any more
        self.settle()
        ways = {}
        for person, rows in self._found.items():
            stamps = np.array([stamp for stamp, _ in rows], np.int64)
            order = np.unique(stamps, return_index=True)[1]
            ways[person] = stamps[order], np.array([place for _, place in rows])[order]
        return ways

    def left_out(self, topic: str, path: Path) -> int:
        if not self._found:
            raise InputFileError(f"{shown(path)}: no place on {topic} can be used: {self._why}")
        return self._lost


def _points(message) -> Iterator[tuple[int, np.ndarray]]:
    """(person, place (3,)) of a message."""
    if hasattr(message, "poses"):
        for person, pose in enumerate(message.poses, start=1):
            yield person, _vector(pose.position)
        return
    inner = message
    for name in ("pose", "point"):
        while hasattr(inner, name):
            inner = getattr(inner, name)
    yield 1, _vector(getattr(inner, "position", inner))


def _vector(point) -> np.ndarray:
    return np.array((point.x, point.y, point.z), np.float64)

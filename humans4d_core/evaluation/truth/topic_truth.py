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
from ...io.bags.bag_messages import decode, message_typestore, open_bag, raw_messages
from ...io.bags.bag_topics import TF_MESSAGE, connections_of
from ...shown_text import shown
from ...transforms import TransformTree, read_transforms

#: s of the recording that a place waits for its transform.
PATIENCE = 1.0
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
        transforms = connections_of(reader, TF_MESSAGE)
        is_tf = topic.startswith(_TF)
        wanted = [] if is_tf else connections_of(reader, *TYPES, topic=topic)
        if not wanted and not (is_tf and transforms):
            names = sorted({c.topic for c in connections_of(reader, *TYPES)})
            raise InputFileError(
                f"{shown(path)} has no places on {shown(topic)}: "
                + (f"topics that may be meant are {', '.join(map(shown, names))}" if names else
                   f"it has no topic of {', '.join(TYPES)}")
            )  # fmt: skip
        places = _Places(target)
        typestore = message_typestore()
        static = [c for c in transforms if c.topic.endswith("tf_static")]
        if target or is_tf:
            for _, log_ns, data in raw_messages(reader, static, path) if static else ():
                places.take_transforms(bytes(data), log_ns, True)
            wanted += [c for c in transforms if c not in static]
        for connection, log_ns, data in raw_messages(reader, wanted, path):
            if connection.msgtype == TF_MESSAGE:
                places.take_transforms(bytes(data), log_ns, False)
                if is_tf:
                    places.watch(topic.removeprefix(_TF), bytes(data), log_ns)
                continue
            message = decode(typestore, connection, data, path)
            for person, place in _points(message):
                header = message.header
                stamp_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
                places.add(person, stamp_ns, header.frame_id, place, log_ns)
        return places.ways(), places.left_out(shown(topic), path)
    finally:
        reader.close()


class _Places:
    """Places that are moved into one frame as soon as TF tells how."""

    def __init__(self, target: str):
        self._target = target.lstrip("/")
        self._now_ns = 0
        self._tree = TransformTree(lambda: self._now_ns * 1e-9)
        self._waiting: deque[tuple[int, int, str, np.ndarray, int]] = deque()
        self._found: dict[int, list[tuple[int, np.ndarray]]] = {}
        self._lost, self._why = 0, ""

    def take_transforms(self, data: bytes, log_ns: int, is_static: bool) -> None:
        self._now_ns = log_ns
        try:
            for transform in read_transforms(data):
                transform.check()
                self._tree.insert(transform, is_static)
        except TransformError:
            return
        self._settle()

    def watch(self, frame: str, data: bytes, log_ns: int) -> None:
        """A person's own frame: its origin, where this message moves it."""
        for transform in read_transforms(data):
            if transform.child == frame.lstrip("/"):
                self.add(1, transform.stamp_ns, frame, np.zeros(3), log_ns)

    def add(self, person: int, stamp_ns: int, frame: str, place: np.ndarray, log_ns: int) -> None:
        self._now_ns = log_ns
        self._waiting.append((person, stamp_ns, frame.lstrip("/"), place, log_ns))
        self._settle()

    def ways(self) -> Ways:
        self._now_ns += 10**12
        self._settle()
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

    def _settle(self) -> None:
        while self._waiting:
            person, stamp_ns, frame, place, came_ns = self._waiting[0]
            try:
                if self._target:
                    place = self._tree.lookup(self._target, frame, stamp_ns).apply(place)
            except TransformError as error:
                if error.may_still_come and self._now_ns - came_ns <= PATIENCE * 1e9:
                    return
                self._lost, self._why = self._lost + 1, str(error)
            else:
                self._found.setdefault(person, []).append((stamp_ns, place))
            self._waiting.popleft()


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

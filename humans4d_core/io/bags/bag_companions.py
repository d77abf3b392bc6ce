"""What else of a bag belongs to an image: where the camera was, by TF, and depth."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rosbags.interfaces import Connection

from ...errors import ImageError, InputFileError, TransformError
from ...shown_text import shown
from ...transforms import TransformTree, read_transforms
from ...types import Pose
from ..images.image_messages import depth_message_to_metres
from .bag_messages import decode, raw_messages
from .bag_reader import BagReader
from .bag_topics import COMPRESSED_IMAGE, IMAGE, TF_MESSAGE, connections_of

#: s of the recording that an image waits for transforms and depth that were recorded after it.
PATIENCE = 1.0
#: s between an image and its depth, at most: the node's parameter depth_tolerance.
DEPTH_TOLERANCE = 0.02
#: Depth images that are kept, and of how long.
MOST_DEPTH = 60


@dataclass(frozen=True)
class CompanionChoice:
    """What is wanted beside the images."""

    fixed_frame: str = ""  #: a frame that does not move, such as odom; "": the pose is not wanted
    ground_frame: str = ""  #: a frame whose plane z = 0 people stand on
    depth_topic: str = ""  #: of depth aligned to the images

    @property
    def is_any(self) -> bool:
        return bool(self.fixed_frame or self.ground_frame or self.depth_topic)


@dataclass(frozen=True)
class Companions:
    """What belongs to one image."""

    fixed_from_camera: Pose | None = None
    ground_from_camera: Pose | None = None
    depth_m: np.ndarray | None = None
    problem: TransformError | None = None  #: why the image cannot be used: a pose is not known


class BagCompanions:
    """Takes messages in the order of the recording, and tells what belongs to an image."""

    def __init__(self, reader: BagReader, typestore, path: Path, choice: CompanionChoice):
        """Raises InputFileError where the bag has no such topic."""
        self._typestore, self._path, self._choice = typestore, path, choice
        self.now_ns = 0  #: log time of the latest message of the bag, told by its reader
        self._tree = TransformTree(lambda: self.now_ns * 1e-9)
        self._depth: deque[tuple[int, object]] = deque(maxlen=MOST_DEPTH)
        self.connections: list[Connection] = []
        self.skipped = 0  #: messages that could not be used
        if choice.fixed_frame or choice.ground_frame:
            found = connections_of(reader, TF_MESSAGE)
            if not found:
                raise InputFileError(
                    f"{path} has no TF: leave out --fixed-frame and --ground-frame, or record /tf "
                    "and /tf_static"
                )
            # They hold at any time, whenever they were recorded.
            static = [c for c in found if _is_static(c)]
            if static:
                for connection, _, data in raw_messages(reader, static, path):
                    self._take_transforms(connection, data)
            self.connections += [c for c in found if not _is_static(c)]
        self._depth_ids: set[int] = set()
        if choice.depth_topic:
            found = connections_of(reader, IMAGE, COMPRESSED_IMAGE, topic=choice.depth_topic)
            if not found:
                listed = sorted({c.topic for c in connections_of(reader, IMAGE, COMPRESSED_IMAGE)})
                raise InputFileError(
                    f"{path} has no depth on {shown(choice.depth_topic)}: its image topics are "
                    f"{', '.join(map(shown, listed))}"
                )
            self._depth_ids = {c.id for c in found}
            self.connections += found

    def take(self, connection: Connection, data: bytes) -> None:
        """One message of `connections`."""
        if connection.id not in self._depth_ids:
            self._take_transforms(connection, data)
            return
        try:
            message = decode(self._typestore, connection, data, self._path)
        except InputFileError:
            self.skipped += 1
            return
        stamp = message.header.stamp
        self._depth.append((stamp.sec * 10**9 + stamp.nanosec, message))

    def of(self, stamp_ns: int, frame_id: str, came_ns: int) -> Companions | None:
        """What belongs to an image that came when now_ns was came_ns; None: it may still come."""
        may_come = self.now_ns - came_ns <= PATIENCE * 1e9
        newest = self._depth[-1][0] if self._depth else -1
        if may_come and self._depth_ids and newest < stamp_ns:
            return None
        try:
            fixed = self._pose(self._choice.fixed_frame, stamp_ns, frame_id)
            ground = self._pose(self._choice.ground_frame, stamp_ns, frame_id)
        except TransformError as error:
            return None if may_come and error.may_still_come else Companions(problem=error)
        return Companions(fixed, ground, self._depth_at(stamp_ns))

    def _pose(self, target: str, stamp_ns: int, frame_id: str) -> Pose | None:
        if not target:
            return None
        source = frame_id.lstrip("/")
        what = f"no transform from '{shown(source)}' to '{shown(target)}' at the image's stamp"
        if not source:
            raise TransformError(f"{what}: the image has no frame_id", may_still_come=False)
        try:
            return self._tree.lookup(target.lstrip("/"), source, stamp_ns)
        except TransformError as error:
            raise TransformError(f"{what}: {error}", error.may_still_come) from None

    def _depth_at(self, stamp_ns: int) -> np.ndarray | None:
        if not self._depth:
            return None
        nearest, message = min(self._depth, key=lambda pair: abs(pair[0] - stamp_ns))
        if abs(nearest - stamp_ns) > DEPTH_TOLERANCE * 1e9:
            return None
        try:
            return depth_message_to_metres(message)
        except ImageError:
            self.skipped += 1
            return None

    def _take_transforms(self, connection: Connection, data: bytes) -> None:
        try:
            transforms = read_transforms(bytes(data))
        except TransformError:
            self.skipped += 1
            return
        for transform in transforms:
            try:
                transform.check()
                self._tree.insert(transform, _is_static(connection))
            except TransformError:
                self.skipped += 1


def _is_static(connection: Connection) -> bool:
    return str(connection.topic).rpartition("/")[2] == "tf_static"

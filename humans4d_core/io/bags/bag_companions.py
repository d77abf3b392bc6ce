"""What else of a bag belongs to an image: where the camera was, by TF, and depth."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rosbags.interfaces import Connection

from ...errors import ImageError, InputFileError, TransformError
from ...shown_text import shown
from ...types import Pose
from ..images.image_messages import depth_message_to_metres
from .bag_messages import decode, join_stamp
from .bag_reader import BagReader
from .bag_topics import COMPRESSED_IMAGE, IMAGE, connections_of
from .bag_transforms import BagTransforms

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
        self.transforms = BagTransforms(reader, path)
        self._depth: deque[tuple[int, object]] = deque(maxlen=MOST_DEPTH)
        self.connections: list[Connection] = []
        self.skipped = 0  #: depth images that could not be used
        if choice.fixed_frame or choice.ground_frame:
            if not self.transforms.is_any:
                raise InputFileError(
                    f"{path} has no TF: leave out --fixed-frame and --ground-frame, or record /tf "
                    "and /tf_static"
                )
            self.connections += self.transforms.connections
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
            self.transforms.take(data)
            return
        try:
            message = decode(self._typestore, connection, data, self._path)
        except InputFileError:
            self.skipped += 1
            return
        self._depth.append((join_stamp(message.header.stamp), message))

    def of(self, stamp_ns: int, frame_id: str, came_ns: int) -> Companions | None:
        """What belongs to an image that came when the bag was at came_ns; None: it may still
        come."""
        newest = self._depth[-1][0] if self._depth else -1
        if self._depth_ids and newest < stamp_ns and not self.transforms.has_waited(came_ns):
            return None
        poses: list[Pose | None] = []
        for target in (self._choice.fixed_frame, self._choice.ground_frame):
            pose = None
            if target:
                what = f"no transform from '{shown(frame_id)}' to '{shown(target)}' at the image's "
                if not frame_id:
                    problem = TransformError(f"{what}stamp: the image has no frame_id")
                    return Companions(problem=problem)
                try:
                    pose = self.transforms.lookup(target, frame_id, stamp_ns, came_ns)
                except TransformError as error:
                    return Companions(problem=TransformError(f"{what}stamp: {error}"))
                if pose is None:
                    return None
            poses.append(pose)
        fixed, ground = poses
        return Companions(fixed, ground, self._depth_at(stamp_ns))

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

"""TF of a bag, read along with its other messages: where a frame was at a stamp."""

from __future__ import annotations

from pathlib import Path

from rosbags.interfaces import Connection

from ...errors import TransformError
from ...transforms import Transform, TransformTree, read_transforms
from ...types import Pose
from .bag_messages import raw_messages
from .bag_reader import BagReader
from .bag_topics import TF_MESSAGE, connections_of

#: s of the recording that is waited for transforms that were recorded after what needs them.
PATIENCE = 1.0


class BagTransforms:
    """Takes the messages of `connections` in the order of the recording.

    Static transforms are known from the beginning: they hold whenever they were recorded.
    """

    def __init__(self, reader: BagReader, path: Path):
        self.now_ns = 0  #: log time of the latest message of the bag, told by its reader
        self.skipped = 0  #: transforms, or messages of them, that could not be used
        self._tree = TransformTree(lambda: self.now_ns * 1e-9)
        found = connections_of(reader, TF_MESSAGE)
        static = [c for c in found if _is_static(c)]
        self.is_any = bool(found)
        self.connections = [c for c in found if not _is_static(c)]
        if static:
            for _, _, data in raw_messages(reader, static, path):
                self._take(data, is_static=True)

    def take(self, data: bytes) -> list[Transform]:
        """The transforms of a message, those that can be used."""
        return self._take(data, is_static=False)

    def has_waited(self, came_ns: int) -> bool:
        """Whether what came when now_ns was came_ns has waited long enough."""
        return self.now_ns - came_ns > PATIENCE * 1e9

    def lookup(self, target: str, source: str, stamp_ns: int, came_ns: int) -> Pose | None:
        """The frame `source` in the frame `target`, for what came when now_ns was came_ns.

        None: it may still come. Raises TransformError where it does not.
        """
        try:
            return self._tree.lookup(target.lstrip("/"), source.lstrip("/"), stamp_ns)
        except TransformError as error:
            if error.may_still_come and not self.has_waited(came_ns):
                return None
            raise

    def _take(self, data: bytes, is_static: bool) -> list[Transform]:
        try:
            transforms = read_transforms(bytes(data))
        except TransformError:
            self.skipped += 1
            return []
        taken = []
        for transform in transforms:
            try:
                transform.check()
                self._tree.insert(transform, is_static)
            except TransformError:
                self.skipped += 1
            else:
                taken.append(transform)
        return taken


def _is_static(connection: Connection) -> bool:
    return str(connection.topic).rpartition("/")[2] == "tf_static"

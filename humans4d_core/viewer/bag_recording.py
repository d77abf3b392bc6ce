"""The people that a node has published, out of a bag, as a recording.

The bag is read once, and its messages are kept in a file that nobody else sees: a time line jumps
about, and bags are read from their beginning.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import InputFileError
from ..io.bags.bag_messages import decode, join_stamp, message_typestore, open_bag, raw_messages
from ..io.bags.bag_topics import connections_of
from ..io.bags.people_messages import (
    OPTICAL,
    TRACKED_PEOPLE,
    message_definitions,
    people_of_bag,
)
from ..shown_text import shown
from ..types import People, Pose
from .recording import ANY_CAMERA, MOST_FRAMES, Recording, body_of, posed_vertices
from .view_frame import ViewFrame, level_pose

HERE = Pose(np.eye(3), np.zeros(3))


@dataclass
class BagRecording(Recording):
    """The people of one topic; `path` is the bag. Use `open_bag_recording`."""

    connection: Any = None
    typestore: Any = None
    file: BinaryIO = field(default_factory=tempfile.TemporaryFile)
    offsets: list[int] = field(default_factory=lambda: [0])

    def frame(self, row: int, with_meshes: bool = True) -> ViewFrame:
        """One frame; without meshes nobody is posed. Raises InputFileError where its message cannot
        be used."""
        message, people = self.people_of(row)
        if with_meshes and self.body is not None and not people.bodies.vertices_cam.size:
            bodies = people.bodies
            assert bodies.scale is not None or not len(people)
            people = changed(people, bodies=changed(bodies, vertices_cam=posed_vertices(
                self.body, bodies.global_orient, bodies.body_pose, bodies.betas,
                np.ones(len(people)) if bodies.scale is None else bodies.scale,
                bodies.translation_cam,
            )))  # fmt: skip
        is_camera = message.header.frame_id.endswith(OPTICAL)
        # Of people in another frame nobody says where the camera was.
        world, camera = (level_pose(None), ANY_CAMERA) if is_camera else (HERE, None)
        return ViewFrame(self.stamps_ns[row], people, camera, world)

    def people_of(self, row: int) -> tuple[Any, People]:
        """A message, and the people in it."""
        self.file.seek(self.offsets[row])
        data = self.file.read(self.offsets[row + 1] - self.offsets[row])
        message = decode(self.typestore, self.connection, data, self.path)
        return message, people_of_bag(message, self.path, self.connection.topic)


def open_bag_recording(
    path: Path, topic: str | None = None, body_file: Path | None = None
) -> tuple[BagRecording, str]:
    """The people of a bag, and a note on what of them cannot be shown ("": nothing).

    topic: where there are several. body_file: of bodies that are not the free one. Raises
    InputFileError where there are none, or it is not said which.
    """
    reader = open_bag(path)
    try:
        topics = sorted({c.topic for c in connections_of(reader, TRACKED_PEOPLE)})
        if not topics or (topic is not None and topic not in topics):
            raise InputFileError(
                f"{shown(path)} has no people{'' if topic is None else f' on {shown(topic)}'}: "
                + (f"they are on {', '.join(map(shown, topics))}" if topics else
                   f"record a topic of type {TRACKED_PEOPLE}")
            )  # fmt: skip
        if topic is None and len(topics) > 1:
            raise InputFileError(
                f"{shown(path)} has people on {', '.join(map(shown, topics))}: pick one with "
                "--topic"
            )
        connections = connections_of(reader, TRACKED_PEOPLE, topic=topic or topics[0])
        recording = BagRecording(
            path, None, connection=connections[0],
            typestore=message_typestore(message_definitions(path)),
        )  # fmt: skip
        names = set()
        for _, _, data in raw_messages(reader, connections, path):
            message = decode(recording.typestore, recording.connection, data, path)
            for person in message.people:
                recording.note(int(person.track_id), int(person.person_id))
            if len(message.people):
                names.add(str(message.body_model))
            recording.stamps_ns.append(join_stamp(message.header.stamp))
            recording.file.write(data)
            recording.offsets.append(recording.offsets[-1] + len(data))
            if len(recording) > MOST_FRAMES:
                raise InputFileError(f"{shown(path)} has more than {MOST_FRAMES} messages")
    finally:
        reader.close()
    recording.body, note = body_of(names, body_file)
    return recording, note

"""Which topic of a rosbag2 holds the pictures."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from rosbags.interfaces import Connection

from ...errors import ImageError, InputFileError
from ...shown_text import shown
from .bag_messages import decode, raw_messages
from .bag_reader import BagReader
from .picture_topics import picture_problem

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
TF_MESSAGE = "tf2_msgs/msg/TFMessage"
#: First messages of a topic that are looked at for what it holds: one of them may be damaged.
LOOKED_AT = 3


def connections_of(reader: BagReader, *types: str, topic: str | None = None) -> list[Connection]:
    """Those with messages, of these types, on this topic."""
    return [
        c
        for c in reader.connections
        if c.msgtype in types and c.msgcount and topic in (None, c.topic)
    ]


def pick_image_topic(reader: BagReader, typestore, path: Path, topic: str | None) -> str:
    """The only topic of pictures, or `topic` where it is one. Depth is none.

    Raises InputFileError where there is none or more than one, ImageError where what there is
    cannot be used.
    """
    topics = sorted({c.topic for c in connections_of(reader, IMAGE, COMPRESSED_IMAGE)})
    if not topics:
        raise InputFileError(
            f"{path} holds no images: record a topic of type {IMAGE} or {COMPRESSED_IMAGE}"
        )
    problems = {name: _problem(reader, typestore, path, name) for name in topics}
    pictures = [name for name in topics if not problems[name]]
    if topic is not None and topic not in topics:
        listed = _listed(pictures or topics)
        raise InputFileError(
            f"{path} has no images on {shown(topic)}: its image topics are {listed}"
        )
    if topic is None and len(pictures) > 1:
        raise InputFileError(
            f"{path} has {len(pictures)} image topics ({_listed(pictures)}): pick one with --topic"
        )
    picked = topic if topic is not None else next(iter(pictures), None)
    if picked is not None and not problems[picked]:
        return picked
    named = topics if picked is None else [picked]
    why = "; ".join(f"no image on {shown(name)} can be used: {problems[name]}" for name in named)
    others = f" (its pictures: {_listed(pictures)})" if pictures else ""
    raise ImageError(f"{path}: {why}{others}")


def _listed(topics: list[str]) -> str:
    return ", ".join(shown(topic) for topic in topics)


def _problem(reader: BagReader, typestore, path: Path, topic: str) -> str:
    """Why a topic holds no pictures; "" where one of its first messages may be one."""
    connections = connections_of(reader, IMAGE, COMPRESSED_IMAGE, topic=topic)
    problem = ""
    try:
        for connection, _, data in islice(raw_messages(reader, connections, path), LOOKED_AT):
            problem = picture_problem(decode(typestore, connection, data, path), topic)
            if not problem:
                break
    except InputFileError:
        return ""  # reading it will tell
    return problem

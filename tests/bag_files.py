"""Messages for the bags that tests write, changes to such bags, and what is read back."""

import sqlite3

import numpy as np

from humans4d_core.io import BagSource, camera_info_fields, message_typestore, open_source
from humans4d_core.types import Camera

STORE = message_typestore()
TYPES = STORE.types


def header(stamp_ns, frame_id="cam"):
    stamp = TYPES["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return TYPES["std_msgs/msg/Header"](stamp, frame_id)


def image(stamp_ns, value=0, encoding="bgr8", size=(64, 48)):
    data = np.full(size[0] * size[1] * 3, value, np.uint8)
    return TYPES["sensor_msgs/msg/Image"](
        header(stamp_ns), size[1], size[0], encoding, 0, size[0] * 3, data
    )


def info(stamp_ns, focal=500.0, size=(64, 48)):
    fields = camera_info_fields(Camera(focal or 1, focal or 1, size[0] / 2, size[1] / 2, *size))
    if not focal:
        fields["k"] = np.zeros(9)
    roi = TYPES["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return TYPES["sensor_msgs/msg/CameraInfo"](
        header=header(stamp_ns), binning_x=0, binning_y=0, roi=roi, **fields
    )


def text(words):
    return TYPES["std_msgs/msg/String"](words)


def to_bytes(message):
    return bytes(STORE.serialize_cdr(message, message.__msgtype__))


def image_bytes(stamp_ns):
    """Of 8x6 pixels."""
    return to_bytes(image(stamp_ns, size=(8, 6)))


def info_bytes(stamp_ns):
    return to_bytes(info(stamp_ns, focal=7.0, size=(8, 6)))


def change_database(path, *statements):
    """Run SQL on the database of a sqlite3 bag."""
    database = sqlite3.connect(path / "bag.db3")
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


def read_frames(path, **options):
    """All frames, and their source."""
    with BagSource(path, **options) as source:
        return list(source), source


def count_images(path):
    """Number of images, number skipped, notes."""
    with open_source(path) as source:
        count = sum(1 for _ in source)
        return count, source.skipped, source.notes


def transform(stamp_ns, parent, child, translation, quaternion=(0.0, 0.0, 0.0, 1.0)):
    """A tf2_msgs/TFMessage of one transform."""
    vector = TYPES["geometry_msgs/msg/Vector3"](*map(float, translation))
    turn = TYPES["geometry_msgs/msg/Quaternion"](*map(float, quaternion))
    pose = TYPES["geometry_msgs/msg/Transform"](vector, turn)
    stamped = TYPES["geometry_msgs/msg/TransformStamped"](header(stamp_ns, parent), child, pose)
    return TYPES["tf2_msgs/msg/TFMessage"]([stamped])


def pose(x, y, z):
    """A geometry_msgs/Pose that is not turned."""
    point = TYPES["geometry_msgs/msg/Point"](float(x), float(y), float(z))
    return TYPES["geometry_msgs/msg/Pose"](
        point, TYPES["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
    )


def write_messages(path, messages):
    """A new rosbag2 (mcap) of (topic, log time ns, message), in their order."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {}
        for topic, log_ns, message in messages:
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(connections[topic], log_ns, STORE.serialize_cdr(message, kind))
    return path

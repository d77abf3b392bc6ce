"""Bags that tests of their readers write."""

import pytest
from bag_files import STORE, image_bytes, info_bytes, to_bytes
from rosbags.rosbag2 import CompressionFormat, StoragePlugin, Writer


@pytest.fixture
def bag(tmp_path):
    """bag((topic, log time, message), ...): a rosbag2 with these messages."""

    def make(*messages, plugin=StoragePlugin.MCAP):
        path = tmp_path / "bag"
        with Writer(path, version=9, storage_plugin=plugin) as writer:
            connections = {}
            for topic, stamp_ns, message in messages:
                name = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, name, typestore=STORE)
                writer.write(connections[topic], stamp_ns, to_bytes(message))
        return path

    return make


@pytest.fixture
def make_bag(tmp_path):
    """make_bag(...): a bag of `count` images with CameraInfo; images: bytes that replace them."""

    def make(count=5, plugin=StoragePlugin.SQLITE3, compression=None, images=None, name="bag"):
        path = tmp_path / name
        writer = Writer(path, version=9, storage_plugin=plugin)
        if compression:
            writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            infos_at = writer.add_connection(
                "/c/camera_info", "sensor_msgs/msg/CameraInfo", typestore=STORE
            )
            images_at = writer.add_connection("/c/image", "sensor_msgs/msg/Image", typestore=STORE)
            contents = images or [image_bytes((i + 1) * 10**9) for i in range(count)]
            for i, content in enumerate(contents, start=1):
                writer.write(infos_at, i * 10**9, info_bytes(i * 10**9))
                writer.write(images_at, i * 10**9, content)
        return path

    return make

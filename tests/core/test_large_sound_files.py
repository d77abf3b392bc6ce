"""What is large but sound still works: the bounds are far from what people have."""

import sqlite3
import struct
import zipfile
import zlib

import numpy as np
import torch
from rosbags.rosbag2 import StoragePlugin, Writer

from humans4d_core.io import message_typestore
from humans4d_core.io.bags.bag_reader import BagReader
from humans4d_core.untrusted_files import parse_yaml
from humans4d_core.untrusted_files.tensor_files import open_weights


def test_a_checkpoint_of_2_7_gb_is_opened_and_its_tensors_are_read(tmp_path):
    """A torch archive whose largest member is a hole in the file, as large as the released one."""
    small = torch.arange(1000.0)
    torch.save({"state_dict": {"small": small, "large": torch.zeros(2)}}, tmp_path / "small.ckpt")
    with zipfile.ZipFile(tmp_path / "small.ckpt") as archive:
        members = {i.filename: archive.read(i) for i in archive.infolist()}
    storages = sorted(name for name in members if "/data/" in name)
    hole = next(name for name in storages if len(members[name]) == 8)
    path = tmp_path / "large.ckpt"
    size = 2_700_000_000
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if name != hole:
                archive.writestr(name, content)
    # The last member is the hole: its header is written by hand in front of the table.
    content = path.read_bytes()
    table = content.index(b"PK\x01\x02")
    header = (20, 0, 0, 0, 33, zlib.crc32(bytes(8)), size, size, len(hole), 0)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *header) + hole.encode()
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, *header, 0, 0, 0, 0, table)
    entry += hole.encode()
    end = content.index(b"PK\x05\x06")
    count = len(members)
    directory = content[table:end] + entry
    with path.open("r+b") as file:
        file.seek(table)
        file.write(local)
        start = table + len(local) + size
        file.seek(start)
        file.write(directory)
        file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory),
                               start, 0))  # fmt: skip
    with open_weights(path) as weights:
        assert torch.equal(weights.read("small"), small)
        assert weights.tensors["large"].checked.nbytes == size


def test_a_sqlite_bag_of_ten_hours_is_opened_and_read(tmp_path):
    """A million messages: a camera at 30 images a second."""
    store = message_typestore()
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connection = writer.add_connection("/c/image", "sensor_msgs/msg/Image", typestore=store)
        writer.write(connection, 1, b"first")
    database = sqlite3.connect(tmp_path / "bag/bag.db3")
    with database:
        database.execute(
            "INSERT INTO messages(topic_id, timestamp, data) "
            "WITH RECURSIVE r(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000) "
            "SELECT 1, n * 33000000, x'00' FROM r"
        )
    database.close()
    reader = BagReader(tmp_path / "bag/bag.db3")
    assert reader.message_count == 1_000_000
    messages = reader.messages()
    assert [next(messages)[1] for _ in range(3)] == [1, 66_000_000, 99_000_000]
    reader.close()


def test_the_description_of_a_recording_in_3600_files_is_read():
    file = "- path: bag_{0}.mcap\n  starting_time:\n    nanoseconds_since_epoch: {0}\n" \
           "  duration:\n    nanoseconds: 9999\n  message_count: 7\n"  # fmt: skip
    text = "files:\n" + "".join(file.format(number) for number in range(3600))
    assert len(parse_yaml(text, "text")["files"]) == 3600


def test_a_body_of_the_largest_family_is_within_the_bounds(tmp_path):
    from humans4d_core.untrusted_files import read_npz

    arrays = {"posedirs": np.zeros((10475, 3, 486)), "v_template": np.zeros((10475, 3))}
    np.savez(tmp_path / "smplx.npz", **arrays)
    assert read_npz(tmp_path / "smplx.npz", set(arrays)).keys() == arrays.keys()

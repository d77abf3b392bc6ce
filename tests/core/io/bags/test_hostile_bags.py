"""Bags that are damaged or made to harm: a sentence, in bounds; what is sound is read."""

import os
import sqlite3
import struct
import sys

import pytest
from bag_files import change_database, count_images, image_bytes, info_bytes
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from humans4d_core.errors import ImageError, InputFileError
from humans4d_core.io import open_source
from humans4d_core.io.bags import bag_compression

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SECOND = 10**9


@pytest.mark.parametrize("plugin", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize("mode", [None, CompressionMode.MESSAGE, CompressionMode.FILE])
def test_every_kind_of_packing_is_read(make_bag, plugin, mode):
    assert count_images(make_bag(plugin=plugin, compression=mode)) == (5, 0, [])


def test_a_folder_whose_name_means_something_in_a_uri_is_read(make_bag, tmp_path):
    path = make_bag().rename(tmp_path / "we#ird?x=1%41 b")
    assert count_images(path) == (5, 0, [])


# metadata.yaml


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("message_count: 5", "message_count: abc", "message_count is 'abc' instead of a number"),
        ("message_count: 5", "message_count: .nan", "message_count is 'nan'"),
        ("message_count: 5", "message_count: 1.5", "message_count is '1.5'"),
        ("message_count: 5", "message_count: -5", "message_count is '-5'"),
        ("message_count: 5", "message_count: " + "9" * 30, "instead of a number from 0"),
        ("message_count: 5", "message_count: " + "9" * 4000, "a huge number"),
        ("message_count: 5", "message_count: [1]", "message_count is 'list'"),
        ("message_count: 5", "messages: 5", "message_count is missing"),
        ("nanoseconds: ", "nanoseconds: x", "duration, nanoseconds is 'x"),
        ("version: 9", "version: -1", "version is '-1'"),
        ("version: 9", "version: 10", "newer than this reader"),
        ("version: 9", "version: true", "version is 'True'"),
        ("sqlite3", "leveldb", "storage 'leveldb'"),
        ("sqlite3", "!!python/object/apply:os.system ['touch executed']", "nothing in it was run"),
        ("bag.db3", "../../../../etc/passwd", "lacks 1 of the 1 files .*passwd"),
        ("bag.db3", "fifo.db3", "is a FIFO: a regular file is needed"),
        ("bag.db3", "link.db3", "is a device: a regular file is needed"),
        ("rosbag2_bagfile", BOMB + "rosbag2_bagfile", "stands for more than"),
        ("rosbag2_bagfile", "b: &b {a: 1}\nc: {<<: *b}\nrosbag2_bagfile", "merges mappings"),
        ("rosbag2_bagfile", "[" * 1000 + "rosbag2_bagfile", "nested more than"),
        ("rosbag2_bagfile", f"x: '{'y' * 5_000_000}'\nrosbag2_bagfile", "is too large"),
        ("compression_mode: ''", "compression_mode: message", "is not known: zstd"),
        ("compression_mode: ''", "compression_mode: 5", "is not known: zstd"),
    ],
)
def test_metadata_that_cannot_be_right_is_refused_with_its_field(make_bag, old, new, reason):
    path = make_bag()
    os.mkfifo(path / "fifo.db3")
    (path / "link.db3").symlink_to("/dev/zero")
    text = (path / "metadata.yaml").read_text()
    assert old in text
    (path / "metadata.yaml").write_text(text.replace(old, new, -1 if "db3" in old else 1))
    with pytest.raises(InputFileError, match=reason) as error:
        count_images(path)
    assert len(str(error.value)) < 1000


def test_metadata_that_is_a_fifo_blocks_nobody(make_bag):
    path = make_bag()
    (path / "metadata.yaml").unlink()
    os.mkfifo(path / "metadata.yaml")
    with pytest.raises(InputFileError, match="metadata.yaml is a FIFO"):
        count_images(path)


def test_metadata_that_counts_other_messages_than_there_are_is_told(make_bag):
    path = make_bag()
    text = (path / "metadata.yaml").read_text()
    (path / "metadata.yaml").write_text(text.replace("message_count: 10", "message_count: 400"))
    count, _, notes = count_images(path)
    assert count == 5 and "counts 400 messages, the bag's files hold 10" in notes[0]


# Compression


def bomb(megabytes):
    compressor = zstd.ZstdCompressor()
    block = bytes(1 << 20)
    return b"".join(compressor.compress(block) for _ in range(megabytes)) + compressor.flush()


def test_a_message_that_unpacks_beyond_the_bound_ends_the_reading(make_bag, monkeypatch):
    monkeypatch.setattr("humans4d_core.io.bags.bag_reader.MAX_UNPACKED_BYTES", 50_000_000)
    path = make_bag(compression=CompressionMode.MESSAGE)
    database = sqlite3.connect(path / "bag.db3")
    with database:
        database.execute("UPDATE messages SET data = ? WHERE id = 4", (bomb(70),))
    database.close()
    count, _, notes = count_images(path)
    assert count == 1 and "unpacks to more than 50 MB" in notes[0]


def test_a_file_that_unpacks_beyond_recordings_is_refused_and_leaves_nothing(
    make_bag, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(bag_compression, "_FILE_SLACK_BYTES", 1 << 20)
    path = make_bag(compression=CompressionMode.FILE)
    assert count_images(path)[0] == 5
    (path / "bag.db3.zstd").write_bytes(bomb(500))
    with pytest.raises(InputFileError, match="it is no recording"):
        count_images(path)
    monkeypatch.setattr(bag_compression, "_KEPT_FREE_BYTES", 1 << 60)
    with pytest.raises(InputFileError, match="does not fit into"):
        count_images(path)
    assert not list((tmp_path / "temporary").iterdir())


def test_an_unpacked_file_has_no_name_while_it_is_read(make_bag, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for plugin in (StoragePlugin.SQLITE3, StoragePlugin.MCAP):
        path = make_bag(compression=CompressionMode.FILE, plugin=plugin, name=plugin.name)
        with open_source(path) as source:
            assert not list((tmp_path / "temporary").iterdir())
            assert sum(1 for _ in source) == 5


@pytest.mark.parametrize("mode", [CompressionMode.MESSAGE, CompressionMode.FILE])
def test_packed_bytes_that_are_damaged_are_said(make_bag, mode):
    path = make_bag(compression=mode)
    if mode is CompressionMode.FILE:
        content = (path / "bag.db3.zstd").read_bytes()
        (path / "bag.db3.zstd").write_bytes(content[: len(content) // 2])
    else:
        change_database(path, "UPDATE messages SET data = substr(data, 1, 10)")
    with pytest.raises(InputFileError, match="damaged|cut off"):
        count_images(path)


def test_a_chunk_of_an_mcap_that_lies_about_its_size_is_bounded(make_bag):
    path = make_bag(plugin=StoragePlugin.MCAP, compression=CompressionMode.STORAGE)
    file = path / "bag.mcap"
    assert count_images(path)[0] == 5
    data = file.read_bytes()
    start = data.index(b"\x04\0\0\0zstd")
    (length,) = struct.unpack_from("<Q", data, start + 8)
    packed = bomb(40)[:length]
    packed += bytes(length - len(packed))
    file.write_bytes(data[: start + 16] + packed + data[start + 16 + length :])
    with pytest.raises(InputFileError):
        count_images(path)


# Messages


def test_messages_of_other_bytes_are_skipped_and_those_after_them_are_read(make_bag):
    claim = bytearray(image_bytes(2 * SECOND))
    claim[-148:-144] = b"\xff\xff\xff\xff"  # the number of bytes of the image
    images = [image_bytes(SECOND), b"", b"\0\1\0\0", info_bytes(SECOND), bytes(claim)]
    images.append(image_bytes(6 * SECOND))
    assert count_images(make_bag(images=images))[:2] == (2, 4)


def test_a_topic_of_nothing_but_other_bytes_is_refused_with_the_reason(make_bag):
    path = make_bag(images=[info_bytes(SECOND)] * 3, plugin=StoragePlugin.MCAP)
    with pytest.raises(ImageError, match="no image on /c/image can be used: .*cannot be decoded"):
        count_images(path)


def test_the_largest_message_is_larger_than_an_8192x4096_picture():
    assert bag_compression.MAX_UNPACKED_BYTES > 8192 * 4096 * 8
    assert bag_compression.unpack_zstd(zstd.compress(bytes(1000)) * 2) == bytes(2000)

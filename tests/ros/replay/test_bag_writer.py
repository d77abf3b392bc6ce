"""What a bag holds after its disk was full: everything before, and nothing that is wrong."""

import errno
import os
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.replay import bag_writer
from humans4d_ros.replay.bag_writer import BagWriter
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from humans4d_core.io import read_messages
from humans4d_core.io.bags.bag_messages import open_bag

TYPES = get_typestore(Stores.ROS2_JAZZY)
WORD = "std_msgs/msg/String"
TEXT = "x" * 1000


@pytest.fixture
def largest_file(monkeypatch):
    """largest_file(bytes): no bag grows beyond it; what fits is written, as on a full disk."""
    limits = []
    write = bag_writer._WholeWrites.write

    def write_what_fits(file, data):
        data = bytes(data)
        fits = len(data) if not limits else max(limits[-1] - file.tell(), 0)
        write(file, data[:fits])
        if fits < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)

    monkeypatch.setattr(bag_writer._WholeWrites, "write", write_what_fits)
    return limits.append


def open_writer(path: Path):
    writer = BagWriter(path)
    writer.open()
    return writer, writer.add_connection("/words", WORD, typestore=TYPES)


def write(writer, connection, numbers) -> None:
    for number in numbers:
        data = TYPES.serialize_cdr(TYPES.types[WORD](f"{number} {TEXT}"), WORD)
        writer.write(connection, 1000 + number, data)


def numbers_in(path: Path) -> list[int]:
    return [int(message.data.split()[0]) for _, _, message in read_messages(path)]


def test_what_is_flushed_is_there_although_the_writer_never_closes(tmp_path):
    writer, connection = open_writer(tmp_path / "bag")
    write(writer, connection, range(5))
    writer.flush()
    writer.flush()  # nothing new: nothing happens
    write(writer, connection, range(5, 8))
    assert numbers_in(tmp_path / "bag") == [0, 1, 2, 3, 4]
    writer.close()
    assert numbers_in(tmp_path / "bag") == list(range(8))


def test_a_chunk_without_room_leaves_a_whole_bag_of_those_before(tmp_path, largest_file):
    writer, connection = open_writer(tmp_path / "bag")
    write(writer, connection, range(10))
    writer.flush()
    largest_file(20_000)
    write(writer, connection, range(10, 30))
    with pytest.raises(OSError, match="No space left"):
        writer.flush()
    writer.close()
    with Reader(tmp_path / "bag") as reader:  # index and metadata.yaml agree
        assert reader.message_count == 10
        assert (reader.start_time, reader.end_time) == (1000, 1010)
        assert [c.msgcount for c in reader.connections] == [10]
        assert len(list(reader.messages())) == 10
    with Reader(tmp_path / "bag" / "bag.mcap") as reader:
        assert reader.message_count == 10
    assert numbers_in(tmp_path / "bag") == list(range(10))


def test_a_last_chunk_without_room_is_told_when_closing(tmp_path, largest_file):
    writer, connection = open_writer(tmp_path / "bag")
    write(writer, connection, range(10))
    writer.flush()
    largest_file(20_000)
    write(writer, connection, range(10, 30))
    with pytest.raises(OSError, match="No space left"):
        writer.close()
    assert numbers_in(tmp_path / "bag") == list(range(10))


def test_an_index_without_room_is_left_out_whole(tmp_path, largest_file):
    writer, connection = open_writer(tmp_path / "bag")
    write(writer, connection, range(10))
    writer.flush()
    size = (tmp_path / "bag" / "bag.mcap").stat().st_size
    largest_file(size + 100)
    with pytest.raises(OSError, match="No space left"):
        writer.close()
    assert (tmp_path / "bag" / "bag.mcap").stat().st_size == size
    assert not list((tmp_path / "bag").glob("metadata*"))
    reader = open_bag(tmp_path / "bag")
    assert "10 messages" in " ".join(reader.notes)
    reader.close()
    assert numbers_in(tmp_path / "bag") == list(range(10))


def test_a_bag_that_cannot_begin_leaves_nothing(tmp_path, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bag_writer.McapWriter, "__init__", no_room)
    with pytest.raises(OSError, match="No space left"):
        BagWriter(tmp_path / "bag").open()
    assert not (tmp_path / "bag").exists()

"""Recordings whose end is missing are read as far as they are whole, and say so."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from humans4d_core.errors import InputFileError
from humans4d_core.io import BagSource, read_messages, write_camera_bag
from humans4d_core.io.bags.bag_messages import open_bag
from humans4d_core.types import Camera, Frame

TYPES = get_typestore(Stores.ROS2_JAZZY)
WORD = "std_msgs/msg/String"
FIRST = 1_700_000_000_000_000_000
CHUNK = 6


def word_bag(path: Path, count: int = 30, compression=CompressionMode.NONE) -> Path:
    """Half a megabyte a message: three of them make a chunk. Log times go up and down."""
    writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    random = np.random.default_rng(0)
    with writer:
        connection = writer.add_connection("/words", WORD, typestore=TYPES)
        for index in range(count):
            letters = random.integers(97, 123, 500_000).astype(np.uint8).tobytes().decode()
            text = f"{index} {letters}"
            data = TYPES.serialize_cdr(TYPES.types[WORD](text), WORD)
            writer.write(connection, FIRST + (index ^ 1) * 10**8, data)
    return path


def records(file: Path) -> list[tuple[int, int, int]]:
    """Kind, start and end of each record outside chunks."""
    data, position, found = file.read_bytes(), 8, []
    while position + 9 <= len(data) - 8:
        kind, length = struct.unpack_from("<BQ", data, position)
        found.append((kind, position, position + 9 + length))
        position += 9 + length
    return found


def cut(bag: Path, size: int) -> Path:
    """As a killed recorder leaves it: half a file, no metadata.yaml. Returns the file."""
    file = bag / f"{bag.name}.mcap"
    with file.open("r+b") as opened:
        opened.truncate(size)
    (bag / "metadata.yaml").unlink(missing_ok=True)
    return file


def numbers(bag: Path) -> list[int]:
    return [int(message.data.split()[0]) for _, _, message in read_messages(bag)]


@pytest.mark.parametrize("compression", [CompressionMode.NONE, CompressionMode.STORAGE])
@pytest.mark.parametrize("more", [0, 5, 100_000])
def test_whole_chunks_are_read_in_order_and_the_rest_is_left_out(tmp_path, compression, more):
    bag = word_bag(tmp_path / "bag", compression=compression)
    file = bag / "bag.mcap"
    chunks = [record for record in records(file) if record[0] == CHUNK]
    assert len(chunks) >= 8
    cut(bag, chunks[4][2] + more)
    whole = numbers(bag)
    assert len(whole) == 15
    log_times = [log_ns for _, log_ns, _ in read_messages(bag)]
    assert log_times == sorted(log_times)
    assert numbers(file) == whole
    reader = open_bag(bag)
    note = " ".join(reader.notes)
    reader.close()
    assert "15 messages" in note and "no index" in note


def test_the_summary_alone_may_be_missing(tmp_path):
    bag = word_bag(tmp_path / "bag")
    expected = numbers(bag)
    last = [end for kind, _, end in records(bag / "bag.mcap") if kind in (CHUNK, 7)][-1]
    cut(bag, last)
    assert numbers(bag) == expected


def test_a_folder_that_still_has_its_metadata_is_read_too(tmp_path):
    bag = word_bag(tmp_path / "bag")
    metadata = (bag / "metadata.yaml").read_text()
    cut(bag, 4_000_000)
    (bag / "metadata.yaml").write_text(metadata)
    assert 0 < len(numbers(bag)) < 30


def test_reading_stops_where_zeros_begin(tmp_path):
    """As after a power cut, where a file has its length and not yet its bytes."""
    bag = word_bag(tmp_path / "bag")
    file = bag / "bag.mcap"
    chunks = [record for record in records(file) if record[0] == CHUNK]
    size = file.stat().st_size
    middle = (chunks[3][1] + chunks[3][2]) // 2
    cut(bag, middle)
    with file.open("r+b") as opened:
        opened.truncate(size)
    assert len(numbers(bag)) == 9


@pytest.mark.parametrize("size", [0, 4, 8, 30, 1000])
def test_a_file_without_a_whole_chunk_is_refused_in_one_sentence(tmp_path, size):
    bag = word_bag(tmp_path / "bag", count=3)
    cut(bag, size)
    with pytest.raises(InputFileError, match="is not a rosbag2 that can be read"):
        open_bag(bag)


def test_no_truncation_breaks_the_reader(tmp_path):
    bag = word_bag(tmp_path / "bag", count=9)
    file = bag / "bag.mcap"
    data = file.read_bytes()
    (bag / "metadata.yaml").unlink()
    for size in np.random.default_rng(1).integers(0, len(data), 40):
        file.write_bytes(data[: int(size)])
        try:
            assert len(numbers(bag)) in (3, 6, 9)
        except InputFileError:
            assert size < 1_600_000


def test_a_chunk_that_claims_too_much_is_left_out(tmp_path):
    bag = word_bag(tmp_path / "bag", compression=CompressionMode.STORAGE)
    file = bag / "bag.mcap"
    chunks = [record for record in records(file) if record[0] == CHUNK]
    cut(bag, chunks[4][2])
    for claimed in (2**62, 5):
        with file.open("r+b") as opened:
            opened.seek(chunks[2][1] + 9 + 16)
            opened.write(struct.pack("<Q", claimed))
        assert len(numbers(bag)) == 6


def test_images_of_a_cut_off_recording_are_a_source_with_a_note(tmp_path):
    camera = Camera(500.0, 500.0, 320.0, 240.0, 640, 480)
    random = np.random.default_rng(0)
    frames = [
        Frame(random.integers(0, 255, (480, 640, 3), np.uint8), FIRST + i * 10**8, camera)
        for i in range(10)
    ]
    write_camera_bag(tmp_path / "bag", frames)
    cut(tmp_path / "bag", 6_000_000)
    with BagSource(tmp_path / "bag") as source:
        read = list(source)
    assert 4 <= len(read) <= 6
    assert all(np.array_equal(a.image_bgr, b.image_bgr) for a, b in zip(read, frames, strict=False))
    assert any("no index" in note for note in source.notes)


def test_messages_outside_chunks_are_read(tmp_path):
    """Some recorders write without chunks, for speed."""
    bag = word_bag(tmp_path / "bag", count=3)
    file = bag / "bag.mcap"
    data = file.read_bytes()
    out = io.BytesIO()
    out.write(data[:8])
    for kind, start, end in records(file):
        if kind == 1:
            out.write(data[start:end])
        elif kind == CHUNK:
            out.write(data[start + 9 + 32 + 8 : end])  # no compression: its name is empty
    whole = out.getvalue()
    file.write_bytes(whole[:-1000])
    (bag / "metadata.yaml").unlink()
    # In the order in which they were written, where that is their order in time.
    with pytest.raises(InputFileError, match="timestamp order"):
        numbers(bag)
    file.write_bytes(whole[: len(whole) - 600_000])
    assert len(list(open_bag(bag).connections)) == 1

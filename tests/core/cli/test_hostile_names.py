"""What files, topics and encodings are called reaches terminal and summary only escaped."""

import json
import os
import sys

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from humans4d_core.cli import main as cli
from humans4d_core.io import message_typestore

EVIL = "\x1b[2J\x1b]0;owned\x07\u202e"


@pytest.fixture
def command(monkeypatch, capsys):
    """command(*arguments): exit code, and all that was written to the terminal."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["humans4d", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        written = capsys.readouterr()
        text = written.out + written.err
        assert all(c.isprintable() or c == "\n" for c in text), repr(text)
        text.encode("utf-8")
        return code, text

    return run


def test_a_folder_with_escape_codes_in_its_name_gives_a_summary_that_every_reader_takes(
    command, tmp_path
):
    folder = tmp_path / ("in" + EVIL + "\n[FATAL] x")
    folder.mkdir()
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((32, 32, 3), np.uint8))
    os.rename(tmp_path / "a.png", folder / "a.png")
    code, text = command("run", folder, "-o", tmp_path / "out", "--no-overlay")
    summary = (tmp_path / "out" / "summary.json").read_text()
    if code:  # an OpenCV that cannot open such names says so
        assert "cannot be read" in text or "none can be read" in text
    else:
        json.loads(summary)["input"]["path"].encode("utf-8")


@pytest.mark.parametrize("name", ["a" + EVIL + ".mp4", "b\n\x9b31m.db3", "x" * 3000])
def test_a_missing_or_empty_input_is_named_escaped(command, tmp_path, name):
    assert command("run", tmp_path / name, "-o", tmp_path / "out")[0] == 2
    if len(name) < 200:
        (tmp_path / name).write_bytes(b"")
        assert command("run", tmp_path / name, "-o", tmp_path / "out")[0] == 2


def write_bag(path, encoding):
    """Two topics with hostile names, an image of 2x2 pixels in each."""
    store = message_typestore()
    types = store.types
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for topic in ("/a" + EVIL, "/b" + "y" * 100_000):
            connection = writer.add_connection(topic, "sensor_msgs/msg/Image", typestore=store)
            header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](1, 0), "c")
            pixels = np.zeros(12, np.uint8)
            image = types["sensor_msgs/msg/Image"](header, 2, 2, encoding, 0, 6, pixels)
            writer.write(connection, 1, store.serialize_cdr(image, "sensor_msgs/msg/Image"))
    return path


def test_topics_and_encodings_of_a_bag_are_named_escaped(command, tmp_path):
    bag = write_bag(tmp_path / "pictures", "bgr8")
    code, text = command("run", bag, "-o", tmp_path / "out")
    assert code == 2 and "2 image topics" in text and len(text) < 3000
    bag = write_bag(tmp_path / "strange", EVIL + "z" * 100_000)
    for arguments in ((), ("--topic", "/a" + EVIL, "--fov", "60")):
        code, text = command("run", bag, "-o", tmp_path / "out", *arguments)
        assert code == 2 and "\\x1b[2J" in text and len(text) < 3000


def test_weights_say_where_they_came_from_escaped(command, tmp_path):
    import torch

    from humans4d_core.untrusted_files.tensor_files import write_safetensors

    path = tmp_path / ("w" + EVIL + ".safetensors")
    write_safetensors(
        path,
        {"backbone.pos_embed": (torch.float32, (1, 193, 64))},
        lambda _: torch.zeros(1, 193, 64),
        {"source": EVIL + "\nx" * 10_000},
    )
    code, text = command("weights", "inspect", path)
    assert code in (1, 2) and "\\x1b" in text and len(text) < 5000

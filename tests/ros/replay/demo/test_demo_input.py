"""The demo's bag of a video: worked out before it is written, JPEG where raw is too much."""

import shutil
import threading
from collections import namedtuple
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from humans4d_ros.replay.demo import demo_input, demo_room
from humans4d_ros.replay.demo.demo_input import prepare_input

from humans4d_core.errors import Humans4dError, InputFileError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (320, 240))
    for index in range(20):
        writer.write(np.full((240, 320, 3), 10 * index, np.uint8))
    writer.release()
    return path


@pytest.fixture
def free(monkeypatch):
    """free(*bytes): what the disk says, one after the other, the last one for ever."""

    def set_free(*values):
        left = list(values)

        def usage(_):
            return Usage(0, 0, left.pop(0) if len(left) > 1 else left[0])

        monkeypatch.setattr(demo_room.shutil, "disk_usage", usage)

    return set_free


def prepare(video, cache, said=None, **options):
    given = {"bag": None, "fps": None, "fov": 60.0, "topic": None, "camera": None, "seconds": None}
    options = SimpleNamespace(**{**given, "video": video, **options})
    say = (lambda _: None) if said is None else said.append
    return prepare_input(options, cache, threading.Event(), say)


def test_a_short_film_is_a_bag_of_raw_images(video, tmp_path):
    with prepare(video, tmp_path / "cache").frames() as bag:
        assert not bag.is_compressed and len(list(bag)) == 20


def test_a_film_too_large_for_raw_images_becomes_jpeg_and_says_so(video, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_room, "MOST_RAW_BYTES", 10 * 320 * 240 * 3)
    said = []
    with prepare(video, tmp_path / "cache", said).frames() as bag:
        assert bag.is_compressed and len(list(bag)) == 20
    assert any("JPEG" in line for line in said)


def test_fewer_seconds_count_fewer_images(video, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_room, "MOST_RAW_BYTES", 10 * 320 * 240 * 3)
    with prepare(video, tmp_path / "cache", seconds=1.0).frames() as bag:
        assert not bag.is_compressed and len(list(bag)) == 10


def test_raw_images_without_room_become_jpeg(video, tmp_path, free):
    free(demo_room.SPARE_BYTES + 20 * 320 * 240)
    with prepare(video, tmp_path / "cache").frames() as bag:
        assert bag.is_compressed


def test_a_disk_without_room_is_one_sentence_before_anything_is_written(
    video, tmp_path, free, monkeypatch
):
    def write(*_):
        raise AssertionError("the bag was begun")

    monkeypatch.setattr(demo_input, "write_camera_bag", write)
    free(demo_room.SPARE_BYTES + 1000)
    with pytest.raises(InputFileError, match="20 images of 320x240.*--seconds"):
        prepare(video, tmp_path / "cache")


def test_a_disk_that_runs_full_meanwhile_leaves_nothing_behind(video, tmp_path, free):
    enough = 10 * demo_room.SPARE_BYTES
    free(enough, enough, enough, enough, 1000)
    with pytest.raises(Humans4dError, match="given up"):
        prepare(video, tmp_path / "cache")
    assert not (tmp_path / "cache" / "video" / "bag").exists()


def test_a_bag_that_is_there_already_needs_no_room(video, tmp_path, free):
    first = prepare(video, tmp_path / "cache").bag
    free(0)
    assert prepare(video, tmp_path / "cache").bag == first
    shutil.rmtree(first)
    with pytest.raises(InputFileError):
        prepare(video, tmp_path / "cache")

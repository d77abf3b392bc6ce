"""A frame says its place in its input, whatever could not be read before it."""

import cv2
import numpy as np
import pytest

from humans4d_core.io import BagSource, CameraChoice, open_source, write_camera_bag
from humans4d_core.io.video.video_timeline import FrameNumbers, PacketTimes
from humans4d_core.types import Frame


def level(frame):
    return round(float(frame.image_bgr.mean()) / 20)


def read(path, **options):
    with open_source(path, **options) as source:
        return list(source), source


def numbers(frames):
    return [frame.number for frame in frames]


def destroy(path, pictures, start_code):
    """Overwrite pictures (0 = first), each of which begins with `start_code`."""
    data = bytearray(path.read_bytes())
    places = [-1]
    while (place := data.find(start_code, places[-1] + 1)) >= 0:
        places.append(place)
    places = [*places[1:], places[-1] + 208]
    for picture in pictures:
        start, end = places[picture], min(places[picture + 1] - 8, places[picture] + 200)
        data[start:end] = b"\xab" * (end - start)
    path.write_bytes(data)
    return path


JPEG, VOP = b"\xff\xd8\xff", b"\x00\x00\x01\xb6"


def test_an_undecodable_picture_in_the_middle_keeps_its_number_and_time(film):
    path = destroy(film("film.avi", 10, codec="MJPG"), [5], JPEG)
    frames, source = read(path)
    assert numbers(frames) == [1, 2, 3, 4, 5, 7, 8, 9, 10]
    assert [level(f) for f in frames] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert [f.stamp_ns // 10**8 for f in frames] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert source.skipped == 1 and any("cannot be decoded" in note for note in source.notes)


def test_undecodable_pictures_at_the_start_and_the_end_are_counted(film):
    path = destroy(film("film.avi", 10, codec="MJPG"), [0, 1, 9], JPEG)
    frames, source = read(path)
    assert numbers(frames) == [3, 4, 5, 6, 7, 8, 9]
    assert frames[0].stamp_ns == 200_000_000 and level(frames[0]) == 2
    assert source.skipped == 3


def test_given_times_count_undecodable_pictures_too(film):
    path = destroy(film("film.avi", 6, codec="MJPG"), [2], JPEG)
    frames, _ = read(path, frame_rate=4)
    assert [f.stamp_ns for f in frames] == [0, 250_000_000, 750_000_000, 10**9, 1_250_000_000]


def test_the_numbers_of_a_film_of_changing_rate_come_from_its_packets(film, edit_mp4):
    table = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"]
    clock = 10240  # of OpenCV's mp4 at 10 frames a second
    steps = [1, 3, 1, 5, 1, 1, 4, 1]  # tenths of a second
    counts = b"".join((1).to_bytes(4, "big") + (s * clock // 10).to_bytes(4, "big") for s in steps)
    path = edit_mp4(film("film.mp4", 8), table, lambda _: bytes(4) + b"\0\0\0\x08" + counts)
    # Its edit list would end the film where it ended before.
    path.write_bytes(path.read_bytes().replace(b"edts", b"free"))
    frames, _ = read(path)
    assert numbers(frames) == list(range(1, 9))
    times = [f.stamp_ns // 10**8 for f in frames]
    assert times == [0, 1, 4, 5, 10, 11, 12, 16]
    frames, source = read(destroy(path, [3], VOP))
    assert numbers(frames) == [1, 2, 3, 5, 6, 7, 8] and source.skipped == 1
    assert [f.stamp_ns // 10**8 for f in frames] == [0, 1, 4, 10, 11, 12, 16]


def test_a_broken_image_of_a_folder_keeps_its_number(tmp_path):
    for number in (1, 2, 3, 4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "2.png").write_bytes(b"broken")
    frames, source = read(tmp_path)
    assert numbers(frames) == [1, 3, 4] and source.skipped == 1
    assert any("2.png" in note for note in source.notes)


def test_a_refused_image_of_a_bag_keeps_its_number(tmp_path):
    choice = CameraChoice()
    sizes = [(64, 48), (64, 48), (50, 31), (64, 48)]
    images = [np.zeros((h, w, 3), np.uint8) for w, h in sizes]
    write_camera_bag(
        tmp_path / "bag",
        (Frame(i, k, choice.camera(i.shape[1], i.shape[0])) for k, i in enumerate(images)),
    )
    with BagSource(tmp_path / "bag", CameraChoice(fov_degrees=60)) as source:
        assert numbers(source) == [1, 2, 4]
        assert source.skipped == 1


class Packets:
    """Stands in for a capture of packets: their times (ms); None is a damaged place."""

    def __init__(self, times):
        self._times, self._now = list(times), 0.0

    def isOpened(self):
        return True

    def grab(self):
        now = self._times.pop(0) if self._times else None
        self._now = self._now if now is None else now
        return now is not None

    def get(self, what):
        return 1.0 if what == cv2.CAP_PROP_LRF_HAS_KEY_FRAME else self._now

    def retrieve(self):
        return True, np.zeros(1, np.uint8)

    def release(self):
        pass


def counted(packet_times, picture_times, starts_whole=True, failures=()):
    """Numbers of pictures, of a film of 10 a second."""
    failures = dict(failures)
    packets = PacketTimes(lambda: Packets(packet_times))
    first = failures.get(0, 0)
    count = FrameNumbers(packets, 100.0, picture_times[0], first, starts_whole)
    found = [count.number]
    for k, time in enumerate(picture_times[1:], start=1):
        count.advance(time, failures.get(k, 0))
        found.append(count.number)
    count.finish()
    return found, count.undecoded


def test_pictures_that_are_stored_out_of_order_are_counted_in_the_order_they_are_shown():
    stored = [0, 400, 200, 100, 300, 800, 600, 500, 700]
    assert counted(stored, sorted(stored)) == (list(range(1, 10)), 0)
    assert counted(stored, [0, 100, 200, 300, 400, 600, 700, 800]) == ([1, 2, 3, 4, 5, 7, 8, 9], 1)


def test_packets_before_the_start_of_an_edited_film_are_not_counted():
    assert counted([-200, -100, 0, 100], [0, 100]) == ([1, 2], 0)


def test_without_times_of_packets_what_the_decoder_refuses_is_counted():
    assert counted([0] * 5, [0, 0, 0, 0], failures={2: 1})[0] == [1, 2, 4, 5]


def test_a_packet_lost_with_its_time_leaves_a_hole_in_a_film_of_one_rate():
    times = [0, 100, 200, 500, 600]
    assert counted(times, [0, 100, 200, 500, 600], failures={3: 1}) == ([1, 2, 3, 6, 7], 2)


@pytest.mark.parametrize("times", [[0, 100, 300, 400], [0, 40, 900, 950]])
def test_a_hole_in_time_without_damage_is_how_the_film_was_made(times):
    assert counted(times, times) == ([1, 2, 3, 4], 0)


def test_an_edited_films_hidden_packets_have_no_part_in_sizes(monkeypatch):
    sizes = iter([(64, 48), None, None, (48, 64), None])
    monkeypatch.setattr(
        "humans4d_core.io.video.video_timeline.picture_size", lambda *_: next(sizes)
    )
    packets = PacketTimes(lambda: Packets([-100, 0, 100, 200, 300]), "H.264")
    assert [packets.size_of(n) for n in (1, 2, 3, 4)] == [(64, 48)] * 2 + [(48, 64)] * 2


def test_times_that_begin_anew_in_the_middle_end_the_comparison_not_the_film():
    times = [100 * k for k in range(30)] + [100 * k for k in range(3000)]
    found, _ = counted(times, times[:40])
    assert found == list(range(1, 41))

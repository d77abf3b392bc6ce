"""A file that is no video is refused with the true reason, and opens no other file."""

import os
import shutil

import cv2
import numpy as np
import pytest

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io import VideoSource, VideoWriter, open_source
from humans4d_core.io.video.video_formats import container_name
from humans4d_core.io.video.video_opening import convert_command


def refusal(path):
    with pytest.raises(InputFileError) as error:
        VideoSource(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def count(path):
    with open_source(path) as source:
        return sum(1 for _ in source)


@pytest.mark.parametrize(
    ("code", "name"),
    [(b"av01", "AV1"), (b"vvc1", "VVC"), (b"evc1", "EVC"), (b"xyz9", "of codec 'xyz9'")],
)
def test_a_codec_without_decoder_is_named_with_the_command_that_converts(
    film, set_codec, capfd, code, name
):
    path = set_codec(film(), code)
    said = refusal(path)
    assert f"is {name}" in said and "OpenCV cannot decode" in said and "cut off" not in said
    assert f"ffmpeg -i {path} -c:v libx264 " in said
    assert capfd.readouterr().err == ""


def test_the_codec_of_an_avi_is_named(film):
    path = film("film.avi", codec="MJPG")
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"AV01"))
    assert "is AV1" in refusal(path)


def test_the_codec_of_a_matroska_file_is_named(tmp_path):
    def element(name, content):
        return bytes.fromhex(name) + bytes([0x40 | len(content) >> 8, len(content) & 255]) + content

    track = element("83", b"\1") + element("D7", b"\1") + element("73C5", b"\1")
    track += element("86", b"V_QUICK/NEW") + element(
        "E0", element("B0", b"\x40") + element("BA", b"\x30")
    )
    tracks = element("1654AE6B", element("AE", track))
    block = element("1F43B675", element("E7", b"\0") + element("A3", b"\x81\0\0\x80" + b"picture"))
    header = element("1A45DFA3", element("4282", b"matroska"))
    path = tmp_path / "new.mkv"
    path.write_bytes(header + element("18538067", tracks + block))
    assert "of codec 'V_QUICK/NEW'" in refusal(path)


def test_a_sound_codec_of_which_no_picture_can_be_decoded_is_damage(film):
    path = film("film.avi", codec="MJPG")
    data = bytearray(path.read_bytes())
    place = data.index(b"movi") + 4
    while data[place : place + 4] == b"00dc":
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        data[place + 8 : place + 8 + size] = b"\xab" * size
        place += 8 + size + size % 2
    path.write_bytes(data)
    assert "is Motion JPEG, but none of its pictures can be decoded" in refusal(path)


def test_a_protected_film_is_said_to_be_encrypted(film, set_codec):
    assert "encrypted" in refusal(set_codec(film(), b"encv"))


def test_a_film_without_pictures_is_sound(film, edit_mp4):
    path = edit_mp4(
        film(), [b"moov", b"trak", b"mdia", b"hdlr"], lambda h: h[:8] + b"soun" + h[12:]
    )
    assert "with sound but no pictures" in refusal(path)


@pytest.mark.parametrize(
    ("content", "container"),
    [
        (b"OggS\0\2" + bytes(22) + b"\x01\x1e\x01vorbis" + bytes(60), "Ogg"),
        (b"FLV\x01\x04\0\0\0\x09" + bytes(60), "FLV"),
    ],
)
def test_sound_in_a_container_of_films_is_called_sound(tmp_path, content, container):
    path = tmp_path / "sound.mp4"
    path.write_bytes(content)
    assert f"is {container} with sound but no pictures" in refusal(path)


def encoded(ending):
    return cv2.imencode(ending, np.zeros((8, 8, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(".jpg"), "one JPEG image"),
        (encoded(".png"), "one PNG image"),
        (encoded(".webp"), "one WebP image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "one HEIC image"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(50), r"is sound \(WAV\)"),
        (b"ID3\x03\0\0\0\0\0\0" + bytes(50), r"is sound \(MP3\)"),
        (b"fLaC" + bytes(50), r"is sound \(FLAC\)"),
        (b"PK\x03\x04" + bytes(50), "zip archive"),
        (b"\x89MCAP0\r\n" + bytes(50), "must end in .mcap"),
        (b"#ROSBAG V2.0\n" + bytes(50), "rosbags-convert"),
        (bytes(5000), "nothing but zeros"),
        (b"", "is empty"),
        (b"\x01\x02\x03\x04" * 30, "no known container"),
    ],
)
def test_what_is_no_video_is_called_what_it_is(tmp_path, content, reason):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=reason):
        VideoSource(path)


#: What makes FFmpeg open `secret.mp4` or an address.
LISTS = {
    "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "ffconcat": b"ffconcat version 1.0\nfile secret.mp4\n",
    "concat": b"file 'secret.mp4'\n",
    "sdp": b"v=0\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    "xspf": b"<?xml version='1.0'?><playlist><location>secret.mp4</location></playlist>",
    "dash": b"<MPD profiles='urn:mpeg:dash:profile:isoff-live:2011'/>",
    "edl": b"# mpv EDL v0\nsecret.mp4,0,5\n",
    "pls": b"[playlist]\nFile1=secret.mp4\n",
    "asx": b"<asx version='3.0'><ref href='http://127.0.0.1/x'/></asx>",
    "redirect": b"RTSPtext\r\nrtsp://127.0.0.1/x\r\n",
}
DISGUISES = {
    "plain": lambda text: text,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "blank": lambda text: b" \n\t" + text,
    "with a byte that is no text": lambda text: text + b"\x01\x00\xff",
    "utf-16": lambda text: text.decode().encode("utf-16"),
    "long": lambda text: text + b"# nothing\n" * 20000,
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("ending", ["mp4", "m3u8"])
def test_a_list_of_other_files_is_refused_by_its_content(film, tmp_path, kind, disguise, ending):
    shutil.copy(film(), tmp_path / "secret.mp4")
    path = tmp_path / f"list.{ending}"
    path.write_bytes(DISGUISES[disguise](LISTS[kind]))
    assert "text file that lists other files" in refusal(path)


@pytest.mark.parametrize("start", [b"G" + b"x" * 187 + b"G" + b"x" * 187, b"GIF89a", b"FLV\x01"])
def test_a_list_behind_the_first_bytes_of_a_container_is_refused(start):
    assert container_name(start + b"G\nc=IN IP4 127.0.0.1\n" + b"x" * 500) is None


NAMES = [
    "2024-01-01T10:30:00.mp4", "http:film.mp4", "file:film.mp4", "concat:a|b.mp4", "pipe:0.mp4",
    "subfile,,start,0,end,9,,:film.mp4", "film_%03d.mp4", "100%.mp4", "-film.mp4", "a b.mp4",
    "line\nend.mp4", "häß\u4eba.mp4", "[x]*?.mp4", "'\"$(x).mp4", os.fsdecode(b"caf\xe9.mp4"),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_is_only_a_name(film, tmp_path, monkeypatch, name):
    film(frames=4).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert count(name) == 4 and count(tmp_path / name) == 4


@pytest.mark.parametrize("name", [name.removesuffix(".mp4") for name in NAMES])
def test_any_name_of_a_folder_is_only_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkdir(name)
    image = np.full((48, 64, 3), 90, np.uint8)
    with VideoWriter(f"{name}/overlay.mp4", 10) as writer:
        writer.write(image)
    cv2.imwrite("plain.png", image)
    shutil.copy("plain.png", f"{name}/1.png")
    assert count(f"{name}/overlay.mp4") == 1 and count(name) == 1


def test_the_command_that_converts_can_be_pasted():
    from pathlib import Path

    command = convert_command(Path("10:30 'x'.mp4"))
    assert command.startswith("ffmpeg -i './10:30 '\"'\"'x'\"'\"'.mp4' -c:v libx264 './10:30 ")


@pytest.mark.parametrize("name", ["pipe.mp4", "pipe.png", "pipe"])
def test_a_fifo_is_refused_without_waiting_for_it(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(Humans4dError, match="FIFO"):
        open_source(tmp_path / name)


def test_a_fifo_among_images_is_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((8, 8, 3), np.uint8))
    os.mkfifo(tmp_path / "2.png")
    with open_source(tmp_path) as source:
        assert len(list(source)) == 1 and source.skipped == 1
